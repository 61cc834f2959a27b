package main

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

func mustRun(t *testing.T, o options) *report {
	t.Helper()
	r, err := run(context.Background(), o, progress(io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEveryBidIsOfferedOnScheduleAndReported(t *testing.T) {
	h := newHouse(t, accept)
	r := mustRun(t, h.options())
	if r.Bids != (bidReport{Offered: 200, Sent: 200, Received: 200, Decided: 200, Accepted: 200}) {
		t.Errorf("bids: %+v", r.Bids)
	}
	if r.Failures.Total != 0 || r.Outcomes["accepted/leading"] != 200 || len(r.Errors) != 0 {
		t.Errorf("failures %+v, outcomes %v, errors %v", r.Failures, r.Outcomes, r.Errors)
	}
	if r.Rates.Decided < 100 || r.ResultMs.Count != 200 || r.CPU.StormS <= 0 {
		t.Errorf("rates %+v, result %+v, cpu %+v", r.Rates, r.ResultMs, r.CPU)
	}
	if r.Sockets.Opened != 20 || len(r.Sockets.Closed) != 0 || r.Sockets.Frames < 400 {
		t.Errorf("sockets: %+v", r.Sockets)
	}
}

func TestAmountsRiseOnEachAuctionAndEveryKeyIsNew(t *testing.T) {
	h := newHouse(t, accept)
	r := mustRun(t, h.options())
	seen := map[string]bool{}
	amounts := map[int64]map[int64]bool{}
	for _, p := range h.bids {
		if seen[p.Key] || !p.Confirm || len(p.Key) > 64 {
			t.Fatalf("bid %+v", p)
		}
		seen[p.Key] = true
		if amounts[p.AuctionID] == nil {
			amounts[p.AuctionID] = map[int64]bool{}
		}
		amounts[p.AuctionID][p.Amount] = true
	}
	for _, id := range r.Auctions {
		if len(amounts) != 2 || len(amounts[id]) != 100 {
			t.Errorf("%d auctions, %d amounts on %d", len(amounts), len(amounts[id]), id)
		}
	}
	if amount := h.auctions[0]["soft_close"].(map[string]any)["window_s"]; amount != 0.0 {
		t.Errorf("the auction may be extended: %v", h.auctions[0])
	}
}

func TestErrorsAndFailedOutcomesAreFailuresAndRefusalsAreNot(t *testing.T) {
	h := newHouse(t, func(_ *house, conn net.Conn, p placed) {
		switch p.Amount {
		case 1_000:
			say(conn, `{"type":"error","re":%d,"code":"BUSY","detail":"later","retry":true}`, p.ID)
		case 1_100:
			sayReceived(conn, p)
			sayResult(conn, p, `"status":"failed","standing":null,"code":"INTERNAL"`)
		case 1_200:
			say(conn, `{"type":"bid.unknown","re":%d,"key":"%s"}`, p.ID, p.Key)
		case 1_300:
			sayReceived(conn, p)
		default:
			sayResult(conn, p, `"status":"rejected","standing":null,"code":"TOO_LOW"`)
			sayReceived(conn, p)
		}
	})
	r := mustRun(t, h.options())
	want := failureReport{Total: 8, Share: 0.04, Error: 2, Failed: 2, Missing: 4}
	if r.Failures != want {
		t.Errorf("failures: %+v", r.Failures)
	}
	if r.Errors["BUSY"] != 2 || r.Outcomes["rejected/TOO_LOW"] != 192 || r.Unknown != 2 {
		t.Errorf("errors %v, outcomes %v, unknown %d", r.Errors, r.Outcomes, r.Unknown)
	}
	if r.Bids.Decided != 192 || r.Bids.Accepted != 0 || r.Bids.Received != 196 {
		t.Errorf("bids: %+v", r.Bids)
	}
}

func TestAnOutcomeAfterTheGraceIsLate(t *testing.T) {
	h := newHouse(t, func(h *house, conn net.Conn, p placed) {
		if p.Amount == 1_000 {
			time.Sleep(400 * time.Millisecond)
		}
		accept(h, conn, p)
	})
	o := h.options()
	o.sockets, o.auctions, o.rate = 100, 1, 100
	if r := mustRun(t, o); r.Failures.Late != 1 || r.Failures.Total != 1 {
		t.Errorf("failures: %+v", r.Failures)
	}
}

func TestOnlyFailedMayBeFollowedByAnotherOutcome(t *testing.T) {
	h := newHouse(t, func(h *house, conn net.Conn, p placed) {
		if p.Amount == 1_000 {
			sayResult(conn, p, `"status":"failed","code":"INTERNAL"`)
		}
		accept(h, conn, p)
		if p.Amount == 1_100 {
			accept(h, conn, p)
		}
	})
	r := mustRun(t, h.options())
	if r.Repeated != 2 || r.Failures.Total != 0 || r.Outcomes["accepted/leading"] != 200 {
		t.Errorf("repeated %d, failures %+v, outcomes %v", r.Repeated, r.Failures, r.Outcomes)
	}
}

func TestASocketThatIsClosedFailsTheBidsItStillOwes(t *testing.T) {
	h := newHouse(t, func(h *house, conn net.Conn, p placed) {
		if p.Amount == 1_000 {
			hangUp(conn, 4008)
			return
		}
		accept(h, conn, p)
	})
	r := mustRun(t, h.options())
	if r.Sockets.Closed["4008"] != 2 {
		t.Errorf("closed: %v", r.Sockets.Closed)
	}
	if r.Failures.NotSent != 18 || r.Failures.Missing != 2 || r.Errors[faultClosed] != 18 {
		t.Errorf("failures %+v, errors %v", r.Failures, r.Errors)
	}
}

func TestSocketsThatCannotBeOpenedAreCountedByCause(t *testing.T) {
	h := newHouse(t, accept)
	o := h.options()
	l := newLedger(o.timetable(), o.grace, o.tick)
	bidders := []*account{{accessToken: "access-1"}, {accessToken: "forged"}}
	c := newSockets(o, bidders, []int64{1}, l)
	if err := c.open(context.Background()); err != nil {
		t.Fatal(err)
	}
	c.close()
	if got := c.report; got.Opened != 1 || got.Failed["4401"] != 1 {
		t.Errorf("sockets: %+v", got)
	}
	o.baseURL = "http://elsewhere.example"
	err := newSockets(o, bidders, []int64{1}, l).open(context.Background())
	if err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("another origin: %v", err)
	}
}

func TestPingsAreAnsweredAndWatchersSubscribed(t *testing.T) {
	h := newHouse(t, func(h *house, conn net.Conn, p placed) {
		ws.WriteFrame(conn, ws.NewPingFrame([]byte("alive?")))
		accept(h, conn, p)
	})
	o := h.options()
	o.subscribe = true
	if r := mustRun(t, o); r.Failures.Total != 0 || r.Sockets.Opened != 20 {
		t.Errorf("failures %+v, sockets %+v", r.Failures, r.Sockets)
	}
}

func TestBidsOverHTTPWaitForTheirOutcome(t *testing.T) {
	h := newHouse(t, accept)
	o := h.options()
	o.mode = "http"
	r := mustRun(t, o)
	// The amounts up to 5,000 are the first 41 on each auction; above it this house is busy.
	if r.Outcomes["accepted/leading"] != 82 || r.Errors["BUSY"] != 118 {
		t.Errorf("outcomes %v, errors %v", r.Outcomes, r.Errors)
	}
	if r.Failures.Error != 118 || r.Bids.Received != 82 || r.ResultMs.Count != 82 {
		t.Errorf("failures %+v, bids %+v", r.Failures, r.Bids)
	}
}

func TestAnInterruptedStormEndsSoonAndSaysSo(t *testing.T) {
	h := newHouse(t, accept)
	o := h.options()
	o.duration = time.Minute
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	if _, err := run(ctx, o, progress(io.Discard)); err == nil {
		t.Error("no error")
	}
}

func TestAHouseThatSaysLaterIsAskedAgain(t *testing.T) {
	h := newHouse(t, accept)
	h.later = 30
	o := h.options()
	o.subscribe = true
	r := mustRun(t, o)
	if r.Sockets.Opened != 20 || r.Sockets.Deferred != 30 || r.Failures.Total != 0 {
		t.Errorf("sockets %+v, failures %+v", r.Sockets, r.Failures)
	}
}
