package main

import (
	"context"
	"errors"
	"net/url"
	"syscall"
	"time"

	"github.com/gobwas/ws"
)

const (
	goodbyeMax = 3 * time.Second
	chunkBytes = 64 << 10
	eventsMax  = 256 // sockets taken from the kernel at once
)

// sockets carries bids over one WebSocket a user. Sockets are opened side by side, then served by
// one goroutine through an epoll of its own.
type sockets struct {
	options    options
	bidders    []*account
	auctionIDs []int64
	ledger     *ledger
	names      keys
	all        []*socket
	epoll      int
	events     [eventsMax]syscall.EpollEvent
	chunk      []byte
	report     socketReport
	states     states
	visits     *visits // nil: everybody is there all the time
}

func newSockets(o options, bidders []*account, auctionIDs []int64, l *ledger) *sockets {
	c := &sockets{
		options: o, bidders: bidders, auctionIDs: auctionIDs, ledger: l, names: newKeys(), states: newStates(),
		chunk:  make([]byte, chunkBytes),
		report: socketReport{Failed: map[string]int{}, Closed: map[string]int{}, Wanted: len(bidders) + o.viewers},
	}
	for range len(bidders) + o.viewers {
		c.all = append(c.all, &socket{down: true, coming: o.stages != nil})
	}
	if o.stages != nil {
		c.visits = newVisits(stays(o.stages), o.openings)
	}
	return c
}

type opened struct {
	index int
	err   error
}

// open serves the sockets that are open already while the others are being opened: the server may
// ping them.
func (c *sockets) open(ctx context.Context) error {
	base, err := url.Parse(c.options.baseURL)
	if err != nil {
		return err
	}
	if c.epoll, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err != nil {
		return err
	}
	if c.visits != nil {
		c.visits.open = func(i int) error { return c.all[i].open(ctx, c.welcome(i, base)) }
		return nil
	}
	results := make(chan opened, len(c.all))
	go func() {
		defer close(results)
		inParallel(ctx, len(c.all), c.options.openings, func(i int) error {
			results <- opened{index: i, err: c.all[i].open(ctx, c.welcome(i, base))}
			return nil
		})
	}()
	for result := range results {
		c.adopt(result)
		c.poll()
	}
	if c.report.Opened == 0 && ctx.Err() == nil {
		return errors.New("no socket could be opened: " + firstKey(c.report.Failed))
	}
	return ctx.Err()
}

func (c *sockets) welcome(i int, base *url.URL) welcome {
	w := welcome{
		url:    c.options.wsURL,
		origin: base.Scheme + "://" + base.Host,
	}
	isViewer := i >= len(c.bidders)
	if !isViewer {
		w.token = c.bidders[i].accessToken
	}
	if c.options.subscribe || isViewer {
		w.watch = c.auctionIDs[i%len(c.auctionIDs)]
	}
	return w
}

func (c *sockets) adopt(result opened) {
	s := c.all[result.index]
	s.coming = false
	c.report.Deferred += s.deferred
	if result.err == nil {
		event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(result.index)}
		result.err = syscall.EpollCtl(c.epoll, syscall.EPOLL_CTL_ADD, s.fd, &event)
	}
	if result.err != nil {
		c.report.Failed[cause(result.err)]++
		return
	}
	s.down = false
	c.report.Opened++
}

func firstKey(counts map[string]int) string {
	for key := range counts {
		return key
	}
	return "no reason known"
}

func (c *sockets) offer(b bid) {
	s := c.all[c.ledger.bidder(b.n)]
	if s.coming {
		s.waiting = append(s.waiting, b)
		return
	}
	if s.down {
		c.ledger.markFault(b.n, []byte(faultClosed))
		return
	}
	if !s.throttle.allow(time.Now()) {
		c.ledger.markFault(b.n, []byte(faultThrottled))
		return
	}
	s.payload = appendBid(s.payload[:0], firstBidID+c.ledger.turn(b.n), b, c.names)
	c.ledger.markSent(b.n)
	if err := s.send(ws.OpText); err != nil {
		c.end(s, err)
	}
}

func (c *sockets) poll() {
	if c.visits != nil && !c.ledger.start.IsZero() {
		c.visits.proceed(c)
	}
	for {
		ready, err := syscall.EpollWait(c.epoll, c.events[:], 0)
		if err != nil {
			return // interrupted; the next poll is soon
		}
		for _, event := range c.events[:ready] {
			c.serve(int(event.Fd))
		}
		if ready < eventsMax {
			return
		}
	}
}

func (c *sockets) serve(index int) {
	s := c.all[index]
	err := s.read(c.chunk, func(text []byte) {
		c.report.Frames++
		c.report.Bytes += int64(len(text))
		if a := readAnswer(text); string(a.kind) == "auction.state" {
			c.takeState(index, text)
		} else if index < len(c.bidders) {
			c.take(index, a)
		}
	})
	if err != nil {
		c.end(s, err)
	}
}

func (c *sockets) takeState(index int, text []byte) {
	if !c.ledger.start.IsZero() {
		bidding := c.ledger.elapsed() <= c.options.duration
		c.states.take(index, index%len(c.auctionIDs), text, bidding)
	}
}

// take notes an answer in the ledger. An error names its bid by the frame's id, all else by the key.
func (c *sockets) take(index int, a answer) {
	n, ours := c.names.number(a.key)
	if string(a.kind) == "error" {
		n, ours = c.ledger.number(index, a.re-firstBidID)
	}
	if !ours || n >= c.ledger.count() || c.ledger.bidder(n) != index {
		return
	}
	switch at := c.ledger.elapsed(); string(a.kind) {
	case "bid.received":
		c.ledger.markReceived(n, at)
	case "bid.result":
		c.ledger.markOutcome(n, at, a)
	case "bid.unknown":
		c.ledger.unknown++
	case "bid.refused":
		c.ledger.refused++
		c.ledger.markFault(n, a.code)
	case "error":
		c.ledger.markFault(n, a.code)
	}
}

// end gives up a socket, and counts why unless it was our wish.
func (c *sockets) end(s *socket, err error) {
	if s.down {
		return
	}
	if !s.leaving {
		c.report.Closed[cause(err)]++
	}
	s.down = true
	syscall.Close(s.fd)
}

func (c *sockets) close() {
	for _, s := range c.all {
		if !s.down {
			if err := s.leave(); err != nil {
				c.end(s, err)
			}
		}
	}
	for limit := time.Now().Add(goodbyeMax); c.anyUp() && time.Now().Before(limit); {
		nap(c.options.tick)
		c.poll()
	}
	for _, s := range c.all {
		c.end(s, nil)
	}
	syscall.Close(c.epoll)
}

func (c *sockets) anyUp() bool {
	for _, s := range c.all {
		if !s.down {
			return true
		}
	}
	return false
}
