package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"time"
)

// account is one user of the storm. Its refresh token spares the next run the password hash, which
// costs the server more than all the bids this user will make.
type account struct {
	Email        string `json:"email"`
	Password     string `json:"password"`
	Nickname     string `json:"nickname"`
	RefreshToken string `json:"refresh_token,omitempty"`

	accessToken string
	expiresAt   time.Time // of the access token
}

// accounts are the users of one server. The first is the seller, the others bid.
type accounts struct {
	BaseURL string     `json:"base_url"`
	Tag     string     `json:"tag"` // makes the e-mail addresses of this file its own
	Users   []*account `json:"users"`
}

// loadAccounts reads the users kept by an earlier run against the same server, or starts anew.
func loadAccounts(path, baseURL string) (*accounts, error) {
	kept := &accounts{}
	if path != "-" {
		content, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if err == nil && json.Unmarshal(content, kept) != nil {
			return nil, fmt.Errorf("%s does not hold users of a storm: remove it", path)
		}
	}
	if kept.BaseURL == baseURL {
		return kept, nil
	}
	return &accounts{BaseURL: baseURL, Tag: randomText(4)}, nil
}

// save keeps the users for the next run; their refresh tokens have been rotated by this one.
func (a *accounts) save(path string) error {
	if path == "-" {
		return nil
	}
	content, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return replaceFile(path, content)
}

// replaceFile writes a file of secrets, whole or not at all.
func replaceFile(path string, content []byte) error {
	written := path + ".new"
	if err := os.WriteFile(written, content, 0o600); err != nil {
		return err
	}
	return os.Rename(written, path)
}

// grow invents the users that are missing for count. They are to be saved before the server hears
// of them: of a run that is killed nothing else would know their passwords.
func (a *accounts) grow(count int) {
	for len(a.Users) < count {
		a.Users = append(a.Users, a.invent(len(a.Users)))
	}
}

// signIn gives the first count users an access token each.
func (a *accounts) signIn(ctx context.Context, server *api, count, parallel int) error {
	return inParallel(ctx, count, parallel, func(i int) error {
		return a.Users[i].signIn(ctx, server)
	})
}

func (a *accounts) invent(i int) *account {
	return &account{
		Email:    fmt.Sprintf("storm-%s-%05d@load.example", a.Tag, i),
		Password: randomText(12),
		Nickname: fmt.Sprintf("storm %d", i),
	}
}

type session struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	ExpiresIn    int    `json:"expires_in"`
}

// signIn takes the cheapest way that works: refresh, log in, sign up and log in. The last is also
// what is left after the server's data has been thrown away.
func (u *account) signIn(ctx context.Context, server *api) error {
	if u.RefreshToken != "" {
		err := u.open(ctx, server, "/api/auth/refresh", map[string]string{
			"refresh_token": u.RefreshToken,
		})
		if !hasStatus(err, http.StatusUnauthorized) {
			return err
		}
		if err := u.logIn(ctx, server); !hasStatus(err, http.StatusUnauthorized) {
			return err
		}
	}
	if err := u.signUp(ctx, server); err != nil && !hasStatus(err, http.StatusConflict) {
		return err
	}
	return u.logIn(ctx, server)
}

func (u *account) signUp(ctx context.Context, server *api) error {
	var answer struct{}
	return server.post(ctx, "/api/auth/signup", "", map[string]string{
		"email": u.Email, "password": u.Password, "nickname": u.Nickname,
	}, &answer)
}

func (u *account) logIn(ctx context.Context, server *api) error {
	return u.open(ctx, server, "/api/auth/login", map[string]string{
		"email": u.Email, "password": u.Password, "delivery": "body",
	})
}

func (u *account) open(ctx context.Context, server *api, path string, body map[string]string) error {
	var opened session
	asked := time.Now()
	if err := server.post(ctx, path, "", body, &opened); err != nil {
		return err
	}
	if opened.AccessToken == "" || opened.RefreshToken == "" {
		return fmt.Errorf("POST %s: no token in the answer", path)
	}
	u.accessToken, u.RefreshToken = opened.AccessToken, opened.RefreshToken
	u.expiresAt = asked.Add(time.Duration(opened.ExpiresIn) * time.Second)
	return nil
}

// randomText gives n random bytes in hexadecimal.
func randomText(n int) string {
	content := make([]byte, n)
	if _, err := rand.Read(content); err != nil {
		panic(err) // the system has no randomness: nothing sensible is left to do
	}
	return hex.EncodeToString(content)
}
