package main

import (
	"context"
	"encoding/json"
	"time"
)

// preparedUsers is what k6/lib/users.js reads. The first user is the seller. ExpiresAt is when the
// first of the access tokens does, in milliseconds since 1970.
type preparedUsers struct {
	BaseURL   string         `json:"base_url"`
	ExpiresAt int64          `json:"expires_at"`
	Users     []preparedUser `json:"users"`
}

type preparedUser struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

// prepareUsers signs the seller and a user for each socket in and writes their tokens into a file.
func prepareUsers(ctx context.Context, o options, tell announce) error {
	server := newAPI(o.baseURL, o.signIns)
	defer server.client.CloseIdleConnections()
	known, err := signInAll(ctx, server, o, tell)
	if err != nil {
		return err
	}
	content, err := json.Marshal(prepared(o.baseURL, known.Users[:o.sockets+1]))
	if err != nil {
		return err
	}
	return replaceFile(o.prepare, content)
}

func prepared(baseURL string, users []*account) preparedUsers {
	result := preparedUsers{BaseURL: baseURL}
	var expiresAt time.Time
	for i, user := range users {
		if i == 0 || user.expiresAt.Before(expiresAt) {
			expiresAt = user.expiresAt
		}
		result.Users = append(result.Users, preparedUser{
			AccessToken: user.accessToken, RefreshToken: user.RefreshToken,
		})
	}
	result.ExpiresAt = expiresAt.UnixMilli()
	return result
}
