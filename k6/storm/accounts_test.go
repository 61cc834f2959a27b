package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func signInFromFile(t *testing.T, h *house, path string) *accounts {
	t.Helper()
	known, err := loadAccounts(path, h.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	known.grow(5)
	if err := known.signIn(context.Background(), newAPI(h.server.URL, 4), 5, 4); err != nil {
		t.Fatal(err)
	}
	if err := known.save(path); err != nil {
		t.Fatal(err)
	}
	return known
}

func TestTheNextRunHashesNoPassword(t *testing.T) {
	h := newHouse(t, accept)
	path := filepath.Join(t.TempDir(), "users.json")
	first := signInFromFile(t, h, path)
	second := signInFromFile(t, h, path)
	third := signInFromFile(t, h, path)
	if h.calls["/api/auth/signup"] != 5 || h.calls["/api/auth/login"] != 5 {
		t.Errorf("calls: %v", h.calls)
	}
	if first.Tag != third.Tag || second.Users[4].accessToken == third.Users[4].accessToken {
		t.Errorf("users were not kept, or their tokens not rotated")
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("the file is readable by others: %v", info.Mode())
	}
}

func TestUsersWhoseSessionsAreGoneLogInAgain(t *testing.T) {
	h := newHouse(t, accept)
	path := filepath.Join(t.TempDir(), "users.json")
	signInFromFile(t, h, path)
	clear(h.families)
	signInFromFile(t, h, path)
	if h.calls["/api/auth/signup"] != 5 || h.calls["/api/auth/login"] != 10 {
		t.Errorf("calls: %v", h.calls)
	}
}

func TestUsersTheServerHasForgottenSignUpAgain(t *testing.T) {
	h := newHouse(t, accept)
	path := filepath.Join(t.TempDir(), "users.json")
	signInFromFile(t, h, path)
	clear(h.families)
	clear(h.users)
	signInFromFile(t, h, path)
	if h.calls["/api/auth/signup"] != 10 || len(h.users) != 5 {
		t.Errorf("calls %v, users %d", h.calls, len(h.users))
	}
}

func TestUsersOfAnotherServerAreNotUsed(t *testing.T) {
	h := newHouse(t, accept)
	path := filepath.Join(t.TempDir(), "users.json")
	signInFromFile(t, h, path)
	other, err := loadAccounts(path, "http://127.0.0.1:1")
	if err != nil || len(other.Users) != 0 {
		t.Errorf("%v, %d users", err, len(other.Users))
	}
}

func TestAFileOfSomethingElseIsNotOverwritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.json")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := loadAccounts(path, "http://127.0.0.1:1"); err == nil {
		t.Error("no error")
	}
}

func TestUsersOfARunThatWasKilledWhileTheySignedUpAreKnownToTheNext(t *testing.T) {
	h := newHouse(t, accept)
	path := filepath.Join(t.TempDir(), "users.json")
	var atFirstSignUp sync.Once
	var left []byte // what a kill at this moment would leave of the file
	inner := h.server.Config.Handler
	h.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/auth/signup" {
			atFirstSignUp.Do(func() { left, _ = os.ReadFile(path) })
		}
		inner.ServeHTTP(w, r)
	})
	o := h.options()
	o.accounts = path
	if _, _, err := prepare(context.Background(), o, func(string, string, ...any) {}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, left, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := prepare(context.Background(), o, func(string, string, ...any) {}); err != nil {
		t.Errorf("the next run: %v", err)
	}
	if len(h.users) != o.sockets+1 {
		t.Errorf("%d users, want %d", len(h.users), o.sockets+1)
	}
}
