package main

import (
	"context"
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

// run calls offer for each bid when it is due, in order, until all are offered or ctx ends. It
// returns how many were offered.
func (s schedule) run(ctx context.Context, offer func(n int)) int {
	for n := 0; n < s.bids; n++ {
		if wait := s.due(n) - time.Since(s.start); wait > 0 {
			time.Sleep(wait)
		}
		if ctx.Err() != nil {
			return n
		}
		offer(n)
	}
	return s.bids
}
