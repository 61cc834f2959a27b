package main

import (
	"net"
	"strconv"
	"testing"
	"time"
)

func stateText(version int, status string, end, decided time.Time) string {
	const form = "2006-01-02T15:04:05.000Z"
	return `{"type":"auction.state","channel":"auction:1","version":` + strconv.Itoa(version) +
		`,"status":"` + status + `","ends_at":"` + end.UTC().Format(form) +
		`","bids":[{"seq":1,"amount":1000,"at":"2026-01-01T00:00:00.000Z"},{"seq":2,"amount":1100,"at":"` +
		decided.UTC().Format(form) + `"}],"from_seq":1}`
}

func TestAStateIsAsLateAsItsNewestBidAndACloseAsTheEnd(t *testing.T) {
	s := newStates()
	now := time.Now()
	open := []byte(stateText(7, "open", now.Add(time.Hour), now.Add(-time.Second)))
	s.take(0, 0, open, true)
	s.take(0, 0, open, true)
	s.take(0, 0, open, false)
	for version := 8; version <= 9; version++ {
		s.take(0, 0, []byte(stateText(version, "closed", now.Add(-3*time.Second), now.Add(-9*time.Second))), false)
	}
	got := s.report(2 * time.Second)
	if got.Frames != 2 || got.PerSecond != 1 || got.DelayMs.Count != 2 || got.CloseMs.Count != 1 {
		t.Fatalf("%+v", got)
	}
	if got.DelayMs.P50 < 1_000 || got.CloseMs.P50 < 3_000 {
		t.Errorf("%+v", got)
	}
}

func TestAStateWithoutBidsIsCountedAndNotTimed(t *testing.T) {
	s := newStates()
	s.take(0, 0, []byte(`{"type":"auction.state","version":1,"status":"open","bids":[],"from_seq":1}`), true)
	if s.frames != 1 || len(s.delays) != 0 || len(s.closes) != 0 {
		t.Errorf("%+v", s)
	}
}

func TestViewersWatchAndDoNotBid(t *testing.T) {
	h := newHouse(t, func(h *house, conn net.Conn, p placed) {
		say(conn, "%s", stateText(1, "open", time.Now(), time.Now()))
		accept(h, conn, p)
	})
	o := h.options()
	o.viewers = 5
	r := mustRun(t, o)
	if r.Sockets.Wanted != 25 || r.Sockets.Opened != 25 || r.Bids.Accepted != 200 {
		t.Errorf("sockets %+v, bids %+v", r.Sockets, r.Bids)
	}
	if r.States.Frames != 200 || r.States.DelayMs.Count != 200 {
		t.Errorf("states %+v", r.States)
	}
}

func TestAuctionsEndWithinTheStormOneAfterAnother(t *testing.T) {
	h := newHouse(t, accept)
	o := h.options()
	o.ending, o.endingLead = true, 300*time.Millisecond
	began := time.Now()
	mustRun(t, o)
	ends := map[string]bool{}
	for _, auction := range h.auctions {
		end := readTime([]byte(auction["ends_at"].(string)))
		ends[end.String()] = true
		if end.Before(began.Add(o.endingLead)) {
			t.Errorf("the end %v of a storm that began at %v", end, began)
		}
	}
	if len(ends) != o.auctions || h.bids[0].at.Before(began.Add(o.endingLead)) {
		t.Errorf("ends %v, first bid at %v", ends, h.bids[0].at)
	}
}

func TestErrorsAreTimedByCodeAndReceiptsWithoutOutcomeCounted(t *testing.T) {
	h := newHouse(t, func(h *house, conn net.Conn, p placed) {
		switch p.Amount {
		case 1_000:
			say(conn, `{"type":"error","re":%d,"code":"BUSY","detail":"later","retry":true}`, p.ID)
		case 1_100:
			sayReceived(conn, p)
		default:
			accept(h, conn, p)
		}
	})
	r := mustRun(t, h.options())
	if busy := r.ErrorMs["BUSY"]; len(r.ErrorMs) != 1 || busy.Count != 2 || busy.P99 <= 0 {
		t.Errorf("errors %+v", r.ErrorMs)
	}
	if r.ErrorUntilS <= 0 || r.ErrorUntilS > r.Seconds {
		t.Errorf("the last error after %v s of %v", r.ErrorUntilS, r.Seconds)
	}
	if got := r.Acknowledged; got.Count != 198 || got.Open != 2 || got.ResultMs.Count != 196 {
		t.Errorf("acknowledged %+v", got)
	}
}
