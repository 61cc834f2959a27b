package main

import (
	"slices"
	"strings"
	"time"
)

// report is what a run prints. Times of bids are counted from when they were due, so a generator
// or a server that falls behind shows in them.
type report struct {
	Mode         string       `json:"mode"`
	Sockets      socketReport `json:"sockets"`
	Auctions     []int64      `json:"auctions"`
	begin        time.Time
	Seconds      float64            `json:"seconds"`
	RateOffered  float64            `json:"rate_offered"`
	Bids         bidReport          `json:"bids"`
	Failures     failureReport      `json:"failures"`
	Outcomes     map[string]int     `json:"outcomes"`
	Errors       map[string]int     `json:"errors"`
	Unknown      int                `json:"unknown"`
	Refused      int                `json:"refused"`
	Repeated     int                `json:"repeated"`
	ReceivedMs   spread             `json:"received_ms"`
	ResultMs     spread             `json:"result_ms"`
	SendLagMs    spread             `json:"send_lag_ms"`
	ErrorMs      map[string]spread  `json:"error_ms"` // by code, of the bids that an error answered
	ErrorUntilS  float64            `json:"error_until_s"` // the last of these, after the first bid; 0: none
	Acknowledged acknowledgedReport `json:"acknowledged"`
	States       stateReport        `json:"states"`
	Rates        rateReport         `json:"rates"`
	CPU          cpuReport          `json:"cpu"`
}

type socketReport struct {
	Wanted   int            `json:"wanted"`
	Opened   int            `json:"opened"`
	Failed   map[string]int `json:"failed"`   // not opened, by cause
	Closed   map[string]int `json:"closed"`   // ended before we left, by close code or cause
	Deferred int            `json:"deferred"` // times that opening was answered "later"
	Frames   int64          `json:"frames"`   // text messages after opening
	Bytes    int64          `json:"bytes"`
}

type bidReport struct {
	Offered  int `json:"offered"`
	Sent     int `json:"sent"`
	Received int `json:"received"`
	Decided  int `json:"decided"` // accepted or rejected, however late
	Accepted int `json:"accepted"`
}

// acknowledgedReport is about the bids that had a receipt: each of them must have an outcome.
type acknowledgedReport struct {
	Count    int    `json:"count"`
	Open     int    `json:"open"` // without outcome when the run ended
	ResultMs spread `json:"result_ms"`
}

// stateReport is about the pushes of auctions, each counted on every socket it reached.
type stateReport struct {
	Frames    int     `json:"frames"`
	PerSecond float64 `json:"per_s"`
	DelayMs   spread  `json:"delay_ms"` // since the newest bid in it was decided
	CloseMs   spread  `json:"close_ms"` // of closes, since the auction's end
}

// failureReport counts each failed bid once, under the first of these that holds.
type failureReport struct {
	Total   int     `json:"total"`
	Share   float64 `json:"share"`
	NotSent int     `json:"not_sent"`
	Error   int     `json:"error"`   // answered by an error, and no outcome
	Missing int     `json:"missing"` // no outcome when the run ended
	Failed  int     `json:"failed"`  // the outcome "failed"
	Late    int     `json:"late"`    // an outcome, but after the grace
}

type rateReport struct {
	Sent     float64 `json:"sent_per_s"`
	Received float64 `json:"received_per_s"`
	Decided  float64 `json:"decided_per_s"`
	Steady   float64 `json:"steady_per_s"` // decided while the number of users stood still
}

type cpuReport struct {
	StormS        float64 `json:"storm_s"` // from the first bid to the last outcome
	PerThousandS  float64 `json:"per_1000_bids_s"`
	WholeProcessS float64 `json:"whole_process_s"`
}

// spread describes a set of durations, in milliseconds.
type spread struct {
	Count int     `json:"count"`
	P50   float64 `json:"p50"`
	P95   float64 `json:"p95"`
	P99   float64 `json:"p99"`
	Max   float64 `json:"max"`
}

// spreadOf sorts samples and takes percentiles by nearest rank.
func spreadOf(samples []time.Duration) spread {
	if len(samples) == 0 {
		return spread{}
	}
	slices.Sort(samples)
	at := func(percent int) float64 {
		return milliseconds(samples[(len(samples)*percent+99)/100-1])
	}
	return spread{Count: len(samples), P50: at(50), P95: at(95), P99: at(99), Max: at(100)}
}

func milliseconds(d time.Duration) float64 {
	return float64(d.Microseconds()) / 1000
}

// delays are the times from due to the given ones, of the bids that have one.
func (l *ledger) delays(times []time.Duration) []time.Duration {
	samples := make([]time.Duration, 0, len(times))
	for n, at := range times {
		if at != 0 {
			samples = append(samples, at-l.due(n))
		}
	}
	return samples
}

// perSecond is the rate over the time that passed until the last of the given times.
func perSecond(times []time.Duration) float64 {
	if last := slices.Max(times); last > 0 {
		return float64(count(times)) / last.Seconds()
	}
	return 0
}

func count(times []time.Duration) int {
	found := 0
	for _, at := range times {
		if at != 0 {
			found++
		}
	}
	return found
}

// perSecondWithin is the rate of the given times that lie within s; 0 when s has no length.
func perSecondWithin(times []time.Duration, s stay) float64 {
	found := 0
	for _, at := range times {
		if at > s.from && at <= s.until {
			found++
		}
	}
	if s.until == s.from {
		return 0
	}
	return float64(found) / (s.until - s.from).Seconds()
}

// fill writes into r everything that the ledger knows; the ledger must be at rest.
func (l *ledger) fill(r *report, steady stay) {
	r.RateOffered = float64(l.count()) / r.Seconds
	r.Outcomes, r.Errors = l.counts(l.outcome), l.counts(l.fault)
	r.Bids = l.bidCounts(r.Outcomes)
	r.Failures = l.failures()
	r.Unknown, r.Refused, r.Repeated = l.unknown, l.refused, l.repeated
	r.ReceivedMs = spreadOf(l.delays(l.received))
	r.ResultMs = spreadOf(l.delays(l.result))
	r.SendLagMs = spreadOf(l.delays(l.sent))
	r.ErrorMs, r.Acknowledged = l.errorDelays(), l.acknowledged()
	r.ErrorUntilS = slices.Max(append([]time.Duration{0}, l.faulted...)).Seconds()
	r.Rates = rateReport{
		Sent: perSecond(l.sent), Received: perSecond(l.received), Decided: perSecond(l.result),
		Steady: perSecondWithin(l.result, steady),
	}
}

// errorDelays are the times from due to the error, by its code; of bids that were sent.
func (l *ledger) errorDelays() map[string]spread {
	samples := map[string][]time.Duration{}
	for n, at := range l.faulted {
		if at != 0 && l.sent[n] != 0 {
			code := l.labels.text(l.fault[n])
			samples[code] = append(samples[code], at-l.due(n))
		}
	}
	spreads := map[string]spread{}
	for code, delays := range samples {
		spreads[code] = spreadOf(delays)
	}
	return spreads
}

func (l *ledger) acknowledged() acknowledgedReport {
	var report acknowledgedReport
	var delays []time.Duration
	for n, at := range l.received {
		if at == 0 {
			continue
		}
		report.Count++
		if l.result[n] == 0 {
			report.Open++
			continue
		}
		delays = append(delays, l.result[n]-l.due(n))
	}
	report.ResultMs = spreadOf(delays)
	return report
}

func (l *ledger) counts(found []label) map[string]int {
	counts := map[string]int{}
	for _, one := range found {
		if one != 0 {
			counts[l.labels.text(one)]++
		}
	}
	return counts
}

func (l *ledger) bidCounts(outcomes map[string]int) bidReport {
	b := bidReport{Offered: l.count(), Sent: count(l.sent), Received: count(l.received)}
	for text, found := range outcomes {
		if strings.HasPrefix(text, "accepted") {
			b.Accepted += found
		}
		if !strings.HasPrefix(text, "failed") {
			b.Decided += found
		}
	}
	return b
}

func (l *ledger) failures() failureReport {
	var f failureReport
	for n := range l.count() {
		switch {
		case l.sent[n] == 0:
			f.NotSent++
		case l.result[n] == 0 && l.fault[n] != 0:
			f.Error++
		case l.result[n] == 0:
			f.Missing++
		case l.isFailed(n):
			f.Failed++
		case l.result[n]-l.due(n) > l.grace:
			f.Late++
		}
	}
	f.Total = f.NotSent + f.Error + f.Missing + f.Failed + f.Late
	f.Share = float64(f.Total) / float64(l.count())
	return f
}
