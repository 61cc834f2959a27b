package main

import (
	"context"
	"fmt"
	"time"
)

// auctionLife is far beyond any run, so that no bid of a storm meets the end.
const auctionLife = 48 * time.Hour

// openAuctions puts count new products up for auction, from now on and without a soft close: no
// bid of the storm shall move an end.
func openAuctions(ctx context.Context, server *api, seller *account, count int) ([]int64, error) {
	ids := make([]int64, count)
	for i := range ids {
		id, err := openAuction(ctx, server, seller, fmt.Sprintf("storm lot %d", i+1))
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	return ids, nil
}

type created struct {
	ID int64 `json:"id"`
}

func openAuction(ctx context.Context, server *api, seller *account, name string) (int64, error) {
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
		"ends_at":        time.Now().Add(auctionLife).UTC().Format("2006-01-02T15:04:05.000Z"),
		"soft_close":     map[string]int{"window_s": 0, "extend_s": 0, "extensions_max": 0},
	}, &auction)
	return auction.ID, err
}
