package main

import (
	"context"
	"fmt"
	"io"
	"syscall"
	"time"
)

// announce tells the phases of a run as they begin. A caller that measures the server takes its
// readings at phaseStorm and phaseDone.
type announce func(phase string, detail string, values ...any)

const (
	phaseSignIn = "sign_in"
	phaseOpen   = "open"
	phaseStorm  = "storm"
	phaseDone   = "done"
)

// progress writes one line "phase=<name> <detail>" for each phase.
func progress(output io.Writer) announce {
	return func(phase, detail string, values ...any) {
		fmt.Fprintf(output, "phase=%s "+detail+"\n", append([]any{phase}, values...)...)
	}
}

// run is a whole storm: users, auctions, connections, bids, report.
func run(ctx context.Context, o options, tell announce) (*report, error) {
	users, lots, err := prepare(ctx, o, tell)
	if err != nil {
		return nil, err
	}
	l := newLedger(o.timetable(), o.grace, o.tick)
	r := &report{Mode: o.mode, Auctions: lots.ids, begin: lots.begin, Seconds: o.duration.Seconds()}
	if o.mode == "http" {
		err = storm(ctx, o, l, newRequests(o, users, l), r, tell)
		return r, err
	}
	carrier := newSockets(o, users, lots.ids, l)
	err = storm(ctx, o, l, carrier, r, tell)
	r.Sockets, r.States = carrier.report, carrier.states.report(o.duration)
	return r, err
}

// prepare signs everybody in and opens the auctions. It returns the bidders.
func prepare(ctx context.Context, o options, tell announce) ([]*account, auctionLots, error) {
	server := newAPI(o.baseURL, o.signIns)
	defer server.client.CloseIdleConnections()
	known, err := signInAll(ctx, server, o, tell)
	if err != nil {
		return nil, auctionLots{}, err
	}
	lots, err := openAuctions(ctx, server, known.Users[0], o)
	return known.Users[1 : o.sockets+1], lots, err
}

// signInAll signs in the seller, who is the first, and a user for each socket.
func signInAll(
	ctx context.Context, server *api, o options, tell announce,
) (*accounts, error) {
	known, err := loadAccounts(o.accounts, o.baseURL)
	if err != nil {
		return nil, err
	}
	tell(phaseSignIn, "users=%d known=%d", o.sockets+1, len(known.Users))
	known.grow(o.sockets + 1)
	if err := known.save(o.accounts); err != nil {
		return nil, err
	}
	signInErr := known.signIn(ctx, server, o.sockets+1, o.signIns)
	if err := known.save(o.accounts); err != nil {
		return nil, err
	}
	if signInErr != nil {
		return nil, fmt.Errorf("sign in: %w", signInErr)
	}
	return known, nil
}

// storm offers all bids, waits for what they are owed, and fills the report.
func storm(
	ctx context.Context, o options, l *ledger, c carrier, r *report, tell announce,
) error {
	tell(phaseOpen, "sockets=%d mode=%s", o.sockets, o.mode)
	if err := c.open(ctx); err != nil {
		return err
	}
	begin := time.Now().Add(o.settleTime)
	if begin.Before(r.begin) {
		begin = r.begin
	}
	pump(ctx, c, begin, o.tick, func() bool { return false })
	tell(phaseStorm, "bids=%d", l.count())
	before := cpuTime()
	l.start = time.Now()
	offered := l.run(ctx, climbing(r.Auctions, l, c.offer), c.poll)
	deadline := l.start.Add(l.due(l.count()-1) + l.grace)
	pump(ctx, c, deadline, o.tick, func() bool { return l.open == 0 })
	spent := cpuTime() - before
	tell(phaseDone, "offered=%d open=%d", offered, l.open)
	c.close()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	l.fill(r, o.steady())
	r.CPU = cpuReport{
		StormS:        spent.Seconds(),
		PerThousandS:  spent.Seconds() * 1000 / float64(l.count()),
		WholeProcessS: cpuTime().Seconds(),
	}
	return nil
}

// climbing gives each bid its auction, the same for all bids of one user, and the next amount there.
func climbing(auctionIDs []int64, t timetable, offer func(bid)) func(n int) {
	ladders := make([]ladder, len(auctionIDs))
	for i := range ladders {
		ladders[i] = newLadder()
	}
	return func(n int) {
		lot := t.bidder(n) % len(auctionIDs)
		offer(bid{auctionID: auctionIDs[lot], amount: ladders[lot].climb(), n: n})
	}
}

// pump takes answers until done says so, the deadline passes, or ctx ends.
func pump(
	ctx context.Context, c carrier, deadline time.Time, tick time.Duration, done func() bool,
) {
	for c.poll(); !done() && time.Now().Before(deadline) && ctx.Err() == nil; c.poll() {
		nap(tick)
	}
}

// cpuTime is what this process has used so far, user and system.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
