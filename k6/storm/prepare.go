package main

import (
	"context"
	"encoding/json"
	"time"
)

// prepared is what k6/lib/prepared.js reads: who bids, and on what. Times are in milliseconds since
// 1970.
type prepared struct {
	BaseURL    string         `json:"base_url"`
	PreparedAt int64          `json:"prepared_at"`
	Auctions   []int64        `json:"auctions"`
	Users      []preparedUser `json:"users"`
}

type preparedUser struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	ExpiresAt    int64  `json:"expires_at"`
}

// prepareRun opens the auctions, signs a user for each socket in, and writes all into a file.
func prepareRun(ctx context.Context, o options, tell announce) error {
	users, lots, err := prepare(ctx, o, tell)
	if err != nil {
		return err
	}
	file := prepared{BaseURL: o.baseURL, PreparedAt: time.Now().UnixMilli(), Auctions: lots.ids}
	for _, user := range users {
		file.Users = append(file.Users, preparedUser{
			AccessToken:  user.accessToken,
			RefreshToken: user.RefreshToken,
			ExpiresAt:    user.expiresAt.UnixMilli(),
		})
	}
	content, err := json.Marshal(file)
	if err != nil {
		return err
	}
	return replaceFile(o.prepare, content)
}
