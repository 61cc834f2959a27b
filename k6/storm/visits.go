package main

// visits opens each socket when its user comes, and leaves when the user goes and nothing that was
// sent is without an outcome. Sockets are opened by goroutines of their own, at most so many at
// once; all else is done by the caller of proceed.
type visits struct {
	stays   []stay
	open    func(i int) error
	slots   chan struct{}
	results chan opened
	came    int   // users who have come: the first of all
	staying int   // users whose time is not over: the first of all
	going   []int // users whose time is over, and whose socket is not
}

func newVisits(stays []stay, openings int) *visits {
	return &visits{
		stays: stays, slots: make(chan struct{}, openings), results: make(chan opened, len(stays)),
		staying: len(stays),
	}
}

// proceed does what is due now.
func (v *visits) proceed(c *sockets) {
	now := c.ledger.elapsed()
	for ; v.came < len(v.stays) && v.stays[v.came].from <= now; v.came++ {
		go v.enter(v.came)
	}
	v.welcome(c)
	for ; v.staying > 0 && v.stays[v.staying-1].until <= now; v.staying-- {
		v.going = append(v.going, v.staying-1)
	}
	v.leave(c)
}

func (v *visits) enter(user int) {
	v.slots <- struct{}{}
	defer func() { <-v.slots }()
	v.results <- opened{index: user, err: v.open(user)}
}

// welcome takes in the sockets that have been opened, and sends what was due meanwhile.
func (v *visits) welcome(c *sockets) {
	for {
		select {
		case result := <-v.results:
			c.adopt(result)
			for _, waiting := range c.all[result.index].waiting {
				c.offer(waiting)
			}
		default:
			return
		}
	}
}

func (v *visits) leave(c *sockets) {
	remaining := v.going[:0]
	for _, user := range v.going {
		s := c.all[user]
		if s.coming || !s.down && v.hasPending(c.ledger, user) {
			remaining = append(remaining, user)
			continue
		}
		if s.down {
			continue
		}
		if err := s.leave(); err != nil {
			c.end(s, err)
		}
	}
	v.going = remaining
}

// hasPending is true while a bid of the user is open whose time is not over. Earlier bids than those of
// the grace cannot be.
func (v *visits) hasPending(l *ledger, user int) bool {
	numbers := l.timetable.(*staged).numbers[user]
	for i := len(numbers) - 1; i >= 0; i-- {
		if l.due(numbers[i])+l.grace < l.elapsed() {
			return false
		}
		if l.isOpen(numbers[i]) {
			return true
		}
	}
	return false
}
