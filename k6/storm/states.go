package main

import (
	"bytes"
	"strconv"
	"time"
)

// states times the pushes of auctions: how long after its newest bid was decided a state reached
// each socket, and how long after its end the close did. It belongs to one goroutine.
type states struct {
	frames int
	delays []time.Duration // one for each frame with a bid
	closes []time.Duration // the first frame of each socket that says "closed"
	known  map[stateName]pushed
	closed map[int]bool // sockets that were told
}

// stateName names one state: all sockets of an auction are sent the same text.
type stateName struct {
	lot, version int
}

// pushed is when what a state tells happened, by the server's clock.
type pushed struct {
	decided time.Time // its newest bid; zero without any
	ended   time.Time // the auction; zero while it is not closed
}

func newStates() states {
	return states{known: map[stateName]pushed{}, closed: map[int]bool{}}
}

// take notes a state that has just arrived on a socket, which watches the auction number lot. After
// the last bid only closes are counted, which may be late. Bids after the end make more states.
func (s *states) take(socket, lot int, text []byte, bidding bool) {
	now := time.Now()
	name := stateName{lot: lot, version: readVersion(text)}
	state, seen := s.known[name]
	if !seen {
		state = readPushed(text)
		s.known[name] = state
	}
	if bidding {
		s.frames++
	}
	if bidding && !state.decided.IsZero() {
		s.delays = append(s.delays, now.Sub(state.decided))
	}
	if !state.ended.IsZero() && !s.closed[socket] {
		s.closed[socket] = true
		s.closes = append(s.closes, now.Sub(state.ended))
	}
}

// report is what the sockets were told within the time that bids were offered.
func (s *states) report(length time.Duration) stateReport {
	return stateReport{
		Frames: s.frames, PerSecond: float64(s.frames) / length.Seconds(),
		DelayMs: spreadOf(s.delays), CloseMs: spreadOf(s.closes),
	}
}

func readVersion(text []byte) int {
	version := 0
	scanFields(text, func(name, value []byte) bool {
		if string(name) != "version" {
			return true
		}
		version, _ = strconv.Atoi(string(value))
		return false
	})
	return version
}

func readPushed(text []byte) pushed {
	var state pushed
	closed, end := false, time.Time{}
	scanFields(text, func(name, value []byte) bool {
		switch string(name) {
		case "status":
			closed = string(unquote(value)) == "closed"
		case "ends_at":
			end = readTime(unquote(value))
		case "bids":
			state.decided = newestAt(value)
		}
		return true
	})
	if closed {
		state.ended = end
	}
	return state
}

// newestAt is the time of the last bid of a list, which is the newest.
func newestAt(bids []byte) time.Time {
	mark := []byte(`"at":"`)
	start := bytes.LastIndex(bids, mark)
	if start < 0 {
		return time.Time{}
	}
	text, _, _ := bytes.Cut(bids[start+len(mark):], []byte(`"`))
	return readTime(text)
}

// readTime is zero for what is no time.
func readTime(text []byte) time.Time {
	found, _ := time.Parse(time.RFC3339, string(text))
	return found
}
