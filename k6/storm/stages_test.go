package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func mustStage(t *testing.T, text string) []stage {
	t.Helper()
	stages, err := parseStages(text)
	if err != nil {
		t.Fatal(err)
	}
	return stages
}

func TestUsersComeAndGoEvenlyWithinEachStage(t *testing.T) {
	stages := mustStage(t, "2s:2,4s:4,10s:4,4s:0")
	want := []stay{
		{0, 20 * time.Second}, {time.Second, 19 * time.Second},
		{2 * time.Second, 18 * time.Second}, {4 * time.Second, 17 * time.Second},
	}
	for user, got := range stays(stages) {
		if got != want[user] {
			t.Errorf("user %d: %v, not %v", user, got, want[user])
		}
	}
	if got := steady(stages); got != (stay{6 * time.Second, 16 * time.Second}) {
		t.Errorf("steady %v", got)
	}
	if got := steady(mustStage(t, "2s:2,1s:0")); got != (stay{}) {
		t.Errorf("steady %v", got)
	}
}

func TestWhoIsThereBidsOnceASecond(t *testing.T) {
	timetable := newStaged(mustStage(t, "2s:4,3s:4,2s:0"))
	perUser := map[int][]time.Duration{}
	for n := range timetable.count() {
		if n > 0 && timetable.due(n) < timetable.due(n-1) {
			t.Fatalf("bid %d is due before the one before", n)
		}
		user := timetable.bidder(n)
		if again, ok := timetable.number(user, timetable.turn(n)); !ok || again != n {
			t.Errorf("bid %d is called %d", n, again)
		}
		perUser[user] = append(perUser[user], timetable.due(n))
	}
	for user, stay := range timetable.stays {
		if got, want := len(perUser[user]), int((stay.until-stay.from-1)/time.Second); got != want {
			t.Errorf("user %d bids %d times, not %d", user, got, want)
		}
		for turn, due := range perUser[user] {
			if due != stay.from+time.Duration(turn+1)*time.Second {
				t.Errorf("turn %d of user %d is due at %v", turn, user, due)
			}
		}
	}
	if _, ok := timetable.number(0, len(perUser[0])); ok {
		t.Error("a turn too many has a number")
	}
}

func TestStagesThatCannotBeRunAreRefused(t *testing.T) {
	for _, text := range []string{
		"5s", "5s:", "x:5", "5:5", "5s:-1", "0s:5", "5s:0", "5s:5,", "5s:9,5s:1,5s:9", "541s:1",
	} {
		if _, err := parseOptions([]string{"--stages", text}, io.Discard); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
	o, err := parseOptions([]string{"--stages", "5s:100,10s:1000,5s:0"}, io.Discard)
	if err != nil || o.sockets != 1_000 || o.duration != 20*time.Second {
		t.Errorf("%+v: %v", o, err)
	}
}

func TestAStagedStormOpensSocketsAsUsersComeAndClosesThemAsTheyGo(t *testing.T) {
	h := newHouse(t, accept)
	o := h.options()
	if err := o.setStages("2s:10,1s:10,2s:0"); err != nil {
		t.Fatal(err)
	}
	r := mustRun(t, o)
	if r.Sockets.Opened != 10 || len(r.Sockets.Closed) != 0 || r.Failures.Total != 0 {
		t.Errorf("sockets %+v, failures %+v", r.Sockets, r.Failures)
	}
	if want := newStaged(o.stages).count(); r.Bids.Accepted != want || want < 20 {
		t.Errorf("%d accepted of %d", r.Bids.Accepted, want)
	}
	if r.Rates.Steady < 5 || r.Rates.Steady > 15 {
		t.Errorf("steady %v bids/s of ten users", r.Rates.Steady)
	}
	first, last := h.bids[0], h.bids[len(h.bids)-1]
	if h.opened != 10 || first.open > 8 || last.open > 5 {
		t.Errorf("%d sockets, %d at the first bid, %d at the last", h.opened, first.open, last.open)
	}
}

func TestWhoGoesWaitsForTheOutcomeOfTheLastBid(t *testing.T) {
	h := newHouse(t, func(h *house, conn net.Conn, p placed) {
		time.Sleep(200 * time.Millisecond)
		accept(h, conn, p)
	})
	o := h.options()
	o.grace = time.Second
	if err := o.setStages("100ms:1,1s:1"); err != nil {
		t.Fatal(err)
	}
	if r := mustRun(t, o); r.Failures.Total != 0 || r.Bids.Accepted != 1 {
		t.Errorf("failures %+v, bids %+v", r.Failures, r.Bids)
	}
}

func TestBidsOfASocketThatCannotBeOpenedFail(t *testing.T) {
	h := newHouse(t, accept)
	o := h.options()
	o.wsURL += "-nowhere"
	if err := o.setStages("100ms:2,1s:2"); err != nil {
		t.Fatal(err)
	}
	r := mustRun(t, o)
	if r.Failures.NotSent != 2 || r.Sockets.Opened != 0 || len(r.Sockets.Failed) != 1 {
		t.Errorf("failures %+v, sockets %+v", r.Failures, r.Sockets)
	}
}

func TestWhatTheScriptsNeedIsPreparedAndWritten(t *testing.T) {
	h := newHouse(t, accept)
	o := h.options()
	o.sockets, o.prepare = 3, filepath.Join(t.TempDir(), "users.json")
	if err := prepareRun(context.Background(), o, progress(io.Discard)); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(o.prepare)
	if err != nil {
		t.Fatal(err)
	}
	var got prepared
	json.Unmarshal(content, &got)
	if len(got.Users) != 3 || len(got.Auctions) != 2 || got.BaseURL != h.server.URL {
		t.Errorf("%s", content)
	}
	for _, user := range got.Users {
		if !strings.HasPrefix(user.AccessToken, "access-") || !h.families[user.RefreshToken] {
			t.Errorf("%+v", user)
		}
		left := time.Until(time.UnixMilli(user.ExpiresAt))
		if left < 9*time.Minute || left > 10*time.Minute {
			t.Errorf("expires in %v", left)
		}
	}
	if info, _ := os.Stat(o.prepare); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}
