package main

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"time"
)

const goodbyeMax = 3 * time.Second

// sockets carries bids over one WebSocket a user.
type sockets struct {
	options    options
	bidders    []*account
	auctionIDs []int64
	tally      *tally
	all        []*socket
	readers    sync.WaitGroup
}

func newSockets(o options, bidders []*account, auctionIDs []int64, l *ledger) *sockets {
	c := &sockets{options: o, bidders: bidders, auctionIDs: auctionIDs, tally: newTally()}
	names := newKeys()
	for i := range bidders {
		c.all = append(c.all, &socket{
			index: i, sockets: len(bidders), ledger: l, names: names, tally: c.tally,
		})
	}
	return c
}

func (c *sockets) open(ctx context.Context) error {
	base, err := url.Parse(c.options.baseURL)
	if err != nil {
		return err
	}
	origin := base.Scheme + "://" + base.Host
	err = inParallel(ctx, len(c.all), c.options.openings, func(i int) error {
		c.openOne(ctx, i, origin)
		return nil
	})
	if err == nil && c.tally.opened == 0 {
		return errors.New("no socket could be opened: " + firstKey(c.tally.failed))
	}
	return err
}

func (c *sockets) openOne(ctx context.Context, i int, origin string) {
	s := c.all[i]
	w := welcome{url: c.options.wsURL, origin: origin, token: c.bidders[i].accessToken}
	if c.options.subscribe {
		w.watch = c.auctionIDs[i%len(c.auctionIDs)]
	}
	err := s.open(ctx, w)
	c.tally.openedOne(err)
	if err != nil {
		s.down.Store(true)
		return
	}
	c.readers.Add(1)
	go func() {
		defer c.readers.Done()
		s.read()
	}()
}

func firstKey(counts map[string]int) string {
	for key := range counts {
		return key
	}
	return "no reason known"
}

func (c *sockets) offer(b bid) {
	c.all[b.n%len(c.all)].offer(b)
}

func (c *sockets) close() {
	deadline := time.Now().Add(goodbyeMax)
	for _, s := range c.all {
		s.leave(deadline)
	}
	c.readers.Wait()
}
