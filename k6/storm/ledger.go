package main

import (
	"sync"
	"sync/atomic"
	"time"
)

// ledger holds what became of every bid. The elements of one bid are written by the sender before
// it sends and afterwards only by the reader of the bidder's socket, so they need no lock; the
// report is made after all readers have ended.
type ledger struct {
	schedule
	grace    time.Duration // a bid without an outcome after it has failed
	labels   labels
	sent     []time.Duration // after the start; 0 = never, as in the next two
	received []time.Duration
	result   []time.Duration
	outcome  []label // status and code of the outcome
	fault    []label // code of the error that answered the bid, or why it was not sent

	open     atomic.Int64 // bids with neither outcome nor fault
	unknown  atomic.Int64 // bid.unknown answers
	refused  atomic.Int64 // KEY_REUSED: never, since every key is new
	repeated atomic.Int64 // outcomes after the first that was not "failed"
}

func newLedger(s schedule, grace time.Duration) *ledger {
	l := &ledger{
		schedule: s,
		grace:    grace,
		sent:     make([]time.Duration, s.bids),
		received: make([]time.Duration, s.bids),
		result:   make([]time.Duration, s.bids),
		outcome:  make([]label, s.bids),
		fault:    make([]label, s.bids),
	}
	l.open.Store(int64(s.bids))
	return l
}

func (l *ledger) markSent(n int) {
	l.sent[n] = l.elapsed()
}

func (l *ledger) markReceived(n int) {
	if l.received[n] == 0 {
		l.received[n] = l.elapsed()
	}
}

// markOutcome notes the outcome of bid n. Only "failed" may be followed by another.
func (l *ledger) markOutcome(n int, status, detail []byte) {
	if l.result[n] != 0 {
		if !l.labels.isFailed(l.outcome[n]) {
			l.repeated.Add(1)
			return
		}
	} else if l.fault[n] == 0 {
		l.open.Add(-1)
	}
	l.outcome[n] = l.labels.of(status, detail)
	l.result[n] = l.elapsed()
}

// markFault notes that bid n was answered by an error, or could not be sent.
func (l *ledger) markFault(n int, code []byte) {
	if l.result[n] == 0 && l.fault[n] == 0 {
		l.open.Add(-1)
	}
	l.fault[n] = l.labels.of(code, nil)
}

// label stands for a text that many bids share; 0 is none.
type label uint8

// labels gives each distinct text its label. There are few: the codes of the protocol.
type labels struct {
	mutex sync.RWMutex
	byKey map[string]label
	texts []string
}

const labelsMax = 255

// of gives the label of "status", or of "status/detail".
func (t *labels) of(status, detail []byte) label {
	var scratch [64]byte
	key := append(scratch[:0], status...)
	if len(detail) > 0 {
		key = append(append(key, '/'), detail...)
	}
	t.mutex.RLock()
	known := t.byKey[string(key)]
	t.mutex.RUnlock()
	if known != 0 {
		return known
	}
	return t.add(string(key))
}

func (t *labels) add(key string) label {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.byKey == nil {
		t.byKey = make(map[string]label)
	}
	if known := t.byKey[key]; known != 0 {
		return known
	}
	if len(t.texts) < labelsMax {
		t.texts = append(t.texts, key)
	}
	t.byKey[key] = label(len(t.texts))
	return t.byKey[key]
}

func (t *labels) text(l label) string {
	t.mutex.RLock()
	defer t.mutex.RUnlock()
	return t.texts[l-1]
}

func (t *labels) isFailed(l label) bool {
	text := t.text(l)
	return len(text) >= 6 && text[:6] == "failed"
}
