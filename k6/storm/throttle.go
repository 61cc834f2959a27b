package main

import "time"

// throttle remembers when its socket last sent, to keep it under the server's limit even when the
// generator, held up by the machine, catches up with its schedule.
type throttle struct {
	sent [framesPerSecondMax]time.Time // a ring of the last frames
	next int
}

// allow tells whether a frame may be sent now, and if so counts it.
func (t *throttle) allow(now time.Time) bool {
	if now.Sub(t.sent[t.next]) < time.Second {
		return false
	}
	t.sent[t.next] = now
	t.next = (t.next + 1) % len(t.sent)
	return true
}
