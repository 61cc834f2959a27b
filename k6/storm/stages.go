package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// bidInterval is how often a user of a staged storm bids: once a second, as the scripts in k6/ do.
const bidInterval = time.Second

// stage takes the number of users evenly to target.
type stage struct {
	length time.Duration
	target int
}

// parseStages reads "5s:100,10s:500": within 5 s up to 100 users, within another 10 s up to 500.
func parseStages(text string) ([]stage, error) {
	var stages []stage
	for _, part := range strings.Split(text, ",") {
		length, target, _ := strings.Cut(part, ":")
		duration, err := time.ParseDuration(length)
		users, errUsers := strconv.Atoi(target)
		if err != nil || errUsers != nil || duration <= 0 || users < 0 {
			return nil, fmt.Errorf("--stages: %q is not like 5s:100", part)
		}
		stages = append(stages, stage{length: duration, target: users})
	}
	if usersMax(stages) == 0 {
		return nil, errors.New("--stages has no user")
	}
	if !isHill(stages) {
		return nil, errors.New("--stages may not rise again after they fell")
	}
	return stages, nil
}

func usersMax(stages []stage) int {
	most := 0
	for _, s := range stages {
		most = max(most, s.target)
	}
	return most
}

// isHill is true when users only come, then only go: then each has one stay.
func isHill(stages []stage) bool {
	before, falling := 0, false
	for _, s := range stages {
		if falling && s.target > before {
			return false
		}
		falling = falling || s.target < before
		before = s.target
	}
	return true
}

// stay is when a user comes and goes.
type stay struct {
	from, until time.Duration
}

// stays gives the stay of each user: the first comes first and goes last.
func stays(stages []stage) []stay {
	found := make([]stay, usersMax(stages))
	begun, before := time.Duration(0), 0
	for _, s := range stages {
		for user := before; user < s.target; user++ {
			found[user].from = begun + s.length*time.Duration(user-before)/time.Duration(s.target-before)
		}
		for user := s.target; user < before; user++ {
			found[user].until = begun + s.length*time.Duration(before-user)/time.Duration(before-s.target)
		}
		begun, before = begun+s.length, s.target
	}
	for user := range before {
		found[user].until = begun
	}
	return found
}

// steady is the longest time with the same number of users; both ends are 0 when there is none.
func steady(stages []stage) stay {
	var found stay
	begun, before := time.Duration(0), 0
	for _, s := range stages {
		if s.target == before && s.length > found.until-found.from {
			found = stay{from: begun, until: begun + s.length}
		}
		begun, before = begun+s.length, s.target
	}
	return found
}

// staged lets each user bid once a second during the own stay, from a second after coming on.
type staged struct {
	stays   []stay
	bids    []stagedBid
	numbers [][]int // the bids of each user
}

type stagedBid struct {
	due          time.Duration
	bidder, turn int
}

func newStaged(stages []stage) *staged {
	s := &staged{stays: stays(stages)}
	for user, stay := range s.stays {
		for due := stay.from + bidInterval; due < stay.until; due += bidInterval {
			turn := int((due-stay.from)/bidInterval) - 1
			s.bids = append(s.bids, stagedBid{due: due, bidder: user, turn: turn})
		}
	}
	slices.SortStableFunc(s.bids, func(a, b stagedBid) int { return cmp.Compare(a.due, b.due) })
	s.numbers = make([][]int, len(s.stays))
	for n, bid := range s.bids {
		s.numbers[bid.bidder] = append(s.numbers[bid.bidder], n)
	}
	return s
}

func (s *staged) count() int              { return len(s.bids) }
func (s *staged) due(n int) time.Duration { return s.bids[n].due }
func (s *staged) bidder(n int) int        { return s.bids[n].bidder }
func (s *staged) turn(n int) int          { return s.bids[n].turn }

func (s *staged) number(bidder, turn int) (int, bool) {
	if turn < 0 || turn >= len(s.numbers[bidder]) {
		return 0, false
	}
	return s.numbers[bidder][turn], true
}
