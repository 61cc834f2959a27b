package main

import (
	"context"
	"syscall"
	"time"
)

// schedule spaces bids evenly. Bid n is due at a time that depends on nothing but n, so a slow
// server is offered exactly as much as a fast one, and latency counted from the due time hides no
// waiting in the generator.
type schedule struct {
	start time.Time
	rate  float64
	bids  int
}

// due is the time of bid n after the start.
func (s schedule) due(n int) time.Duration {
	return time.Duration(float64(n) * float64(time.Second) / s.rate)
}

// elapsed is the time since the start, never 0, so that 0 can stand for "not yet".
func (s schedule) elapsed() time.Duration {
	return max(1, time.Since(s.start))
}

// tick is how often the generator wakes, to send what is due and read what has come. Waking is the
// dearest thing it does, so it costs the machine under test less than once for every frame would;
// no time it measures is off by more.
const tick = 2 * time.Millisecond

// run calls offer for each bid at the first tick after it is due, in order, and poll once a tick,
// until all are offered or ctx ends. It returns how many were offered.
func (s schedule) run(ctx context.Context, offer func(n int), poll func()) int {
	n := 0
	for ; n < s.bids && ctx.Err() == nil; nap() {
		for now := s.elapsed(); n < s.bids && s.due(n) <= now; n++ {
			offer(n)
		}
		poll()
	}
	return n
}

// nap sleeps for a tick in the kernel. The runtime's own sleep rouses its scheduler and monitor
// each time, for three times the CPU.
func nap() {
	length := syscall.NsecToTimespec(tick.Nanoseconds())
	_ = syscall.Nanosleep(&length, nil) // cut short by a signal, the next tick is early: no harm
}
