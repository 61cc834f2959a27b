package main

import (
	"context"
	"fmt"
	"time"
)

const (
	// auctionLife is far beyond any run, so that no bid of a storm meets the end.
	auctionLife = 48 * time.Hour
	// endingLead is from the opening of auctions that end during the storm to its first bid: time
	// for a thousand sockets to be opened.
	endingLead = 15 * time.Second
)

// auctionLots are the auctions of a run; no bid is offered before begin.
type auctionLots struct {
	ids   []int64
	begin time.Time
}

// openAuctions puts new products up for auction, from now on and without a soft close: no bid of
// the storm shall move an end.
func openAuctions(ctx context.Context, server *api, seller *account, o options) (auctionLots, error) {
	lots := auctionLots{ids: make([]int64, o.auctions)}
	if o.ending {
		lots.begin = time.Now().Add(o.endingLead)
	}
	err := inParallel(ctx, o.auctions, o.signIns, func(i int) error {
		id, err := openAuction(ctx, server, seller, fmt.Sprintf("storm lot %d", i+1), o.end(lots.begin, i))
		lots.ids[i] = id
		return err
	})
	return lots, err
}

// end is when auction i ends: far beyond the run, or at its turn within it.
func (o options) end(begin time.Time, i int) time.Time {
	if !o.ending {
		return time.Now().Add(auctionLife)
	}
	return begin.Add(o.duration * time.Duration(i+1) / time.Duration(o.auctions+1))
}

type created struct {
	ID int64 `json:"id"`
}

func openAuction(
	ctx context.Context, server *api, seller *account, name string, end time.Time,
) (int64, error) {
	var product, auction created
	err := server.post(ctx, "/api/products", seller.accessToken, map[string]any{
		"name": name, "description": name, "sale_type": "auction", "currency": "KRW",
	}, &product)
	if err != nil {
		return 0, err
	}
	err = server.post(ctx, "/api/auctions", seller.accessToken, map[string]any{
		"product_id":     product.ID,
		"starting_price": startingPrice,
		"ends_at":        end.UTC().Format("2006-01-02T15:04:05.000Z"),
		"soft_close":     map[string]int{"window_s": 0, "extend_s": 0, "extensions_max": 0},
	}, &auction)
	return auction.ID, err
}
