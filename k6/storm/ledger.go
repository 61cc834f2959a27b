package main

import (
	"strings"
	"time"
)

// ledger holds what became of every bid. It belongs to one goroutine.
type ledger struct {
	schedule
	grace    time.Duration // a bid without an outcome after it has failed
	labels   labels
	sent     []time.Duration // after the start; 0 = never, as in the next two
	received []time.Duration
	result   []time.Duration
	outcome  []label // status and code of the outcome
	fault    []label // code of the error that answered the bid, or why it was not sent
	faulted  []time.Duration

	open     int // bids with neither outcome nor fault
	unknown  int // bid.unknown answers
	refused  int // KEY_REUSED: never, since every key is new
	repeated int // outcomes after the first that was not "failed"
}

func newLedger(t timetable, grace, tick time.Duration) *ledger {
	s := schedule{timetable: t, tick: tick}
	return &ledger{
		schedule: s,
		grace:    grace,
		sent:     make([]time.Duration, s.count()),
		received: make([]time.Duration, s.count()),
		result:   make([]time.Duration, s.count()),
		outcome:  make([]label, s.count()),
		fault:    make([]label, s.count()),
		faulted:  make([]time.Duration, s.count()),
		open:     s.count(),
	}
}

func (l *ledger) markSent(n int) {
	l.sent[n] = l.elapsed()
}

func (l *ledger) markReceived(n int, at time.Duration) {
	if l.received[n] == 0 {
		l.received[n] = at
	}
}

// isOpen is true while bid n has neither outcome nor fault.
func (l *ledger) isOpen(n int) bool {
	return l.result[n] == 0 && l.fault[n] == 0
}

// markOutcome notes the outcome of bid n. Only "failed" may be followed by another.
func (l *ledger) markOutcome(n int, at time.Duration, a answer) {
	if l.result[n] != 0 && !l.isFailed(n) {
		l.repeated++
		return
	}
	if l.isOpen(n) {
		l.open--
	}
	l.outcome[n] = l.labels.of(a.status, a.detail())
	l.result[n] = at
}

// markFault notes that bid n was answered by an error, or could not be sent.
func (l *ledger) markFault(n int, code []byte) {
	if l.isOpen(n) {
		l.open--
	}
	l.fault[n] = l.labels.of(code, nil)
	l.faulted[n] = l.elapsed()
}

func (l *ledger) isFailed(n int) bool {
	return strings.HasPrefix(l.labels.text(l.outcome[n]), "failed")
}

// label stands for a text that many bids share; 0 is none.
type label uint8

const labelsMax = 255

// labels gives each distinct text its label. There are few: the codes of the protocol. Should there
// be more than labelsMax, the rest is counted under the last.
type labels struct {
	byText map[string]label
	texts  []string
}

// of gives the label of "status", or of "status/detail".
func (t *labels) of(status, detail []byte) label {
	var scratch [64]byte
	text := append(scratch[:0], status...)
	if len(detail) > 0 {
		text = append(append(text, '/'), detail...)
	}
	if known := t.byText[string(text)]; known != 0 {
		return known
	}
	return t.add(string(text))
}

func (t *labels) add(text string) label {
	if t.byText == nil {
		t.byText = make(map[string]label)
	}
	if len(t.texts) < labelsMax {
		t.texts = append(t.texts, text)
	}
	t.byText[text] = label(len(t.texts))
	return t.byText[text]
}

func (t *labels) text(l label) string {
	return t.texts[l-1]
}
