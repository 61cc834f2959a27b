package main

import (
	"context"
	"syscall"
	"time"
)

// timetable says when each bid is due and whose it is. Nothing in it depends on the server, so a
// slow one is offered exactly as much as a fast one, and latency counted from the due time hides no
// waiting in the generator. Bids are numbered from 0 in the order they are due.
type timetable interface {
	// count is the number of bids.
	count() int
	// due is the time of bid n after the start.
	due(n int) time.Duration
	// bidder is the user who places bid n, counted from 0.
	bidder(n int) int
	// turn tells which of its bidder's bids n is, counted from 0.
	turn(n int) int
	// number is the bid that a bidder places at a turn; false when there is none.
	number(bidder, turn int) (int, bool)
}

// even spaces all bids evenly; the users take turns.
type even struct {
	rate  float64 // bids per second, all users together
	bids  int
	users int
}

func (e even) count() int { return e.bids }
func (e even) due(n int) time.Duration {
	return time.Duration(float64(n) * float64(time.Second) / e.rate)
}
func (e even) bidder(n int) int { return n % e.users }
func (e even) turn(n int) int   { return n / e.users }

func (e even) number(bidder, turn int) (int, bool) {
	n := turn*e.users + bidder
	return n, turn >= 0 && n < e.bids
}

// schedule is a timetable that has begun at start.
type schedule struct {
	timetable
	start time.Time
	tick  time.Duration
}

// elapsed is the time since the start, never 0, so that 0 can stand for "not yet".
func (s schedule) elapsed() time.Duration {
	return max(1, time.Since(s.start))
}

// run calls offer for each bid at the first tick after it is due, in order, and poll once a tick,
// until all are offered or ctx ends. It returns how many were offered.
func (s schedule) run(ctx context.Context, offer func(n int), poll func()) int {
	n := 0
	for ; n < s.count() && ctx.Err() == nil; nap(s.tick) {
		for now := s.elapsed(); n < s.count() && s.due(n) <= now; n++ {
			offer(n)
		}
		poll()
	}
	return n
}

// nap sleeps for a tick in the kernel. The runtime's own sleep rouses its scheduler and monitor
// each time, for three times the CPU.
func nap(tick time.Duration) {
	length := syscall.NsecToTimespec(tick.Nanoseconds())
	_ = syscall.Nanosleep(&length, nil) // cut short by a signal, the next tick is early: no harm
}
