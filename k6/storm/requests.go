package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"time"
)

// preferOutcome asks the API to hold its answer until the outcome is there, as long as it may.
const preferOutcome = "wait=5"

// requests carries bids over HTTP, each waiting in its answer for the outcome.
type requests struct {
	base     string
	bidders  []*account
	ledger   *ledger
	names    keys
	client   *http.Client
	answers  chan response
	inFlight int
}

// response is what came back for one bid.
type response struct {
	n       int
	at      time.Duration
	status  int
	content []byte
	err     error
}

func newRequests(o options, bidders []*account, l *ledger) *requests {
	return &requests{
		base: o.baseURL, bidders: bidders, ledger: l, names: newKeys(),
		client: newClient(len(bidders), requestTimeout), answers: make(chan response, len(bidders)),
	}
}

func (c *requests) open(context.Context) error { return nil }

func (c *requests) offer(b bid) {
	c.ledger.markSent(b.n)
	c.inFlight++
	go func() {
		answer := c.place(b)
		answer.n, answer.at = b.n, c.ledger.elapsed()
		c.answers <- answer
	}()
}

func (c *requests) poll() {
	for {
		select {
		case answer := <-c.answers:
			c.inFlight--
			c.take(answer)
		default:
			return
		}
	}
}

func (c *requests) close() {
	for ; c.inFlight > 0; c.inFlight-- {
		c.take(<-c.answers)
	}
	c.client.CloseIdleConnections()
}

func (c *requests) place(b bid) response {
	body := strconv.AppendInt([]byte(`{"amount":`), b.amount, 10)
	body = append(body, `,"confirm":true}`...)
	path := c.base + "/api/auctions/" + strconv.FormatInt(b.auctionID, 10) + "/bids"
	request, err := http.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	if err != nil {
		return response{err: err}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+c.bidders[c.ledger.bidder(b.n)].accessToken)
	request.Header.Set("Idempotency-Key", string(c.names.appendTo(nil, b.n)))
	request.Header.Set("Prefer", preferOutcome)
	answer, err := c.client.Do(request)
	if err != nil {
		return response{err: err}
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(io.LimitReader(answer.Body, messageMax))
	return response{status: answer.StatusCode, content: content, err: err}
}

// take notes what an answer says. With waiting there is one answer for both, so a bid that is
// decided in time has the same moment of receipt and of outcome; a 202 is a receipt alone.
func (c *requests) take(r response) {
	if r.err != nil {
		c.ledger.markFault(r.n, []byte(cause(r.err)))
		return
	}
	a := readAnswer(r.content)
	switch {
	case r.status == http.StatusOK && string(a.status) != "pending":
		c.ledger.markReceived(r.n, r.at)
		c.ledger.markOutcome(r.n, r.at, a)
	case r.status == http.StatusOK, r.status == http.StatusAccepted:
		c.ledger.markReceived(r.n, r.at)
	case r.status == http.StatusGatewayTimeout:
		c.ledger.unknown++
	case len(a.code) == 0:
		c.ledger.markFault(r.n, []byte("HTTP "+strconv.Itoa(r.status)))
	case r.status == http.StatusConflict:
		c.ledger.refused++
		c.ledger.markFault(r.n, a.code)
	default:
		c.ledger.markFault(r.n, a.code)
	}
}
