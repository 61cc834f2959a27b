package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// house is a small auction house behind real sockets: it speaks the wire formats, keeps what it
// was sent, and answers each bid as the test says.
type house struct {
	server *httptest.Server
	answer func(h *house, c net.Conn, p placed)

	mutex    sync.Mutex
	users    map[string]string // password by e-mail
	families map[string]bool   // refresh tokens that are good
	calls    map[string]int    // by path
	bids     []placed
	created  int64

	opened, open int // sockets
	later        int // subscriptions that are still to be answered "later"
	auctions     []map[string]any
}

// placed is a bid as it arrived.
type placed struct {
	ID        int    `json:"id"`
	Type      string `json:"type"`
	Token     string `json:"token"`
	Channel   string `json:"channel"`
	AuctionID int64  `json:"auction_id"`
	Amount    int64  `json:"amount"`
	Confirm   bool   `json:"confirm"`
	Key       string `json:"key"`
	at        time.Time
	open      int // sockets at that moment
}

func newHouse(t *testing.T, answer func(h *house, c net.Conn, p placed)) *house {
	h := &house{
		answer: answer, users: map[string]string{}, families: map[string]bool{}, calls: map[string]int{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/auth/signup", h.signUp)
	mux.HandleFunc("POST /api/auth/login", h.logIn)
	mux.HandleFunc("POST /api/auth/refresh", h.refresh)
	mux.HandleFunc("POST /api/products", h.create)
	mux.HandleFunc("POST /api/auctions", h.createAuction)
	mux.HandleFunc("POST /api/auctions/{id}/bids", h.bidOverHTTP)
	mux.HandleFunc("GET /ws", h.socket)
	h.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mutex.Lock()
		h.calls[r.URL.Path]++
		h.mutex.Unlock()
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(h.server.Close)
	return h
}

// options are those of a short storm on this house.
func (h *house) options() options {
	return options{
		baseURL: h.server.URL, wsURL: "ws" + strings.TrimPrefix(h.server.URL, "http") + "/ws",
		mode: "ws", accounts: "-", sockets: 20, auctions: 2, rate: 200, duration: time.Second,
		signIns: 4, openings: 8, grace: 300 * time.Millisecond, tick: tickDefault,
	}
}

func body(r *http.Request) map[string]any {
	content := map[string]any{}
	json.NewDecoder(r.Body).Decode(&content)
	return content
}

func reply(w http.ResponseWriter, status int, content any) {
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(content)
}

func refuse(w http.ResponseWriter, status int, code string) {
	reply(w, status, map[string]any{"status": status, "code": code, "detail": "no"})
}

func (h *house) signUp(w http.ResponseWriter, r *http.Request) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	user := body(r)
	email := user["email"].(string)
	if h.users[email] != "" {
		refuse(w, http.StatusConflict, "EMAIL_TAKEN")
		return
	}
	h.users[email] = user["password"].(string)
	reply(w, http.StatusCreated, map[string]any{"user": map[string]any{"id": len(h.users)}})
}

func (h *house) logIn(w http.ResponseWriter, r *http.Request) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	user := body(r)
	password := h.users[user["email"].(string)]
	if password == "" || password != user["password"] || user["delivery"] != "body" {
		refuse(w, http.StatusUnauthorized, "BAD_CREDENTIALS")
		return
	}
	h.openSession(w)
}

func (h *house) refresh(w http.ResponseWriter, r *http.Request) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	old := body(r)["refresh_token"].(string)
	if !h.families[old] {
		refuse(w, http.StatusUnauthorized, "TOKEN_REUSED")
		return
	}
	delete(h.families, old)
	h.openSession(w)
}

func (h *house) openSession(w http.ResponseWriter) {
	token := randomText(8)
	h.families[token] = true
	reply(w, http.StatusOK, map[string]any{"access_token": "access-" + token, "refresh_token": token, "expires_in": 600})
}

func (h *house) create(w http.ResponseWriter, r *http.Request) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.created++
	reply(w, http.StatusCreated, map[string]any{"id": h.created})
}

func (h *house) createAuction(w http.ResponseWriter, r *http.Request) {
	h.mutex.Lock()
	h.auctions = append(h.auctions, body(r))
	h.mutex.Unlock()
	h.create(w, r)
}

func (h *house) keep(p placed) {
	p.at = time.Now()
	h.mutex.Lock()
	defer h.mutex.Unlock()
	p.open = h.open
	h.bids = append(h.bids, p)
}

func (h *house) bidOverHTTP(w http.ResponseWriter, r *http.Request) {
	var p placed
	json.NewDecoder(r.Body).Decode(&p)
	p.Key, p.Token = r.Header.Get("Idempotency-Key"), r.Header.Get("Authorization")
	h.keep(p)
	if r.Header.Get("Prefer") != "wait=5" || !strings.HasPrefix(p.Token, "Bearer access-") {
		refuse(w, http.StatusUnauthorized, "UNAUTHENTICATED")
		return
	}
	if p.Amount > 5_000 {
		refuse(w, http.StatusServiceUnavailable, "BUSY")
		return
	}
	reply(w, http.StatusOK, map[string]any{"key": p.Key, "status": "accepted", "standing": "leading"})
}

func (h *house) socket(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Origin") != h.server.URL {
		refuse(w, http.StatusForbidden, "FORBIDDEN")
		return
	}
	conn, _, _, err := ws.UpgradeHTTP(r, w)
	if err != nil {
		return
	}
	defer conn.Close()
	h.count(1)
	defer h.count(-1)
	say(conn, `{"type":"auctions.price","items":[{"id":1,"type":"bid.result","key":"no"}]}`)
	for lastID := 0; ; {
		text, err := wsutil.ReadClientText(conn)
		if err != nil {
			return
		}
		var p placed
		if json.Unmarshal(text, &p) != nil || p.ID <= lastID {
			hangUp(conn, 4400)
			return
		}
		lastID = p.ID
		h.take(conn, p)
	}
}

func (h *house) count(change int) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.opened += max(change, 0)
	h.open += change
}

func (h *house) isLater() bool {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.later--
	return h.later >= 0
}

func (h *house) take(conn net.Conn, p placed) {
	switch {
	case p.Type == "auth" && (p.Token == "" || strings.HasPrefix(p.Token, "access-")): // or a guest
		say(conn, `{"re":%d,"type":"welcome","connection_id":"c","server_ms":1}`, p.ID)
	case p.Type == "subscribe" && h.isLater():
		say(conn, `{"type":"error","re":%d,"code":"BUSY","detail":"","retry":true,"retry_after_ms":9}`, p.ID)
	case p.Type == "subscribe":
		say(conn, `{"type":"subscribed","re":%d,"channel":"%s","bids":[]}`, p.ID, p.Channel)
	case p.Type == "bid.place":
		h.keep(p)
		h.answer(h, conn, p)
	default:
		hangUp(conn, 4401)
	}
}

func say(conn net.Conn, format string, values ...any) {
	wsutil.WriteServerText(conn, []byte(fmt.Sprintf(format, values...)))
}

func sayReceived(conn net.Conn, p placed) {
	say(conn, `{"type":"bid.received","re":%d,"bid_id":"b","key":"%s","partition":3,"offset":9}`,
		p.ID, p.Key)
}

func sayResult(conn net.Conn, p placed, outcome string) {
	say(conn, `{"type":"bid.result","key":"%s",%s,"seq":null}`, p.Key, outcome)
}

func hangUp(conn net.Conn, code int) {
	ws.WriteFrame(conn, ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusCode(code), "")))
	conn.Close()
}

// accept is the answer of a house where all is well.
func accept(_ *house, conn net.Conn, p placed) {
	sayReceived(conn, p)
	sayResult(conn, p, `"status":"accepted","standing":"leading","code":null`)
}
