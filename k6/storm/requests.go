package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// waitForOutcome is the longest the API lets a bid wait for its outcome, in seconds.
const waitForOutcome = "5"

// requests carries bids over HTTP, each waiting in its answer for the outcome.
type requests struct {
	base     string
	bidders  []*account
	ledger   *ledger
	names    keys
	client   *http.Client
	inFlight sync.WaitGroup
}

func newRequests(o options, bidders []*account, l *ledger) *requests {
	transport := &http.Transport{
		MaxConnsPerHost:     len(bidders),
		MaxIdleConnsPerHost: len(bidders),
		DisableCompression:  true,
	}
	return &requests{
		base: o.baseURL, bidders: bidders, ledger: l, names: newKeys(),
		client: &http.Client{Transport: transport, Timeout: requestTimeout},
	}
}

func (c *requests) open(context.Context) error { return nil }

func (c *requests) offer(b bid) {
	c.ledger.markSent(b.n)
	c.inFlight.Add(1)
	go func() {
		defer c.inFlight.Done()
		if err := c.place(b); err != nil {
			c.ledger.markFault(b.n, []byte(cause(err)))
		}
	}()
}

func (c *requests) close() {
	c.inFlight.Wait()
	c.client.CloseIdleConnections()
}

func (c *requests) place(b bid) error {
	body := strconv.AppendInt([]byte(`{"amount":`), b.amount, 10)
	body = append(body, `,"confirm":true}`...)
	path := c.base + "/api/auctions/" + strconv.FormatInt(b.auctionID, 10) + "/bids"
	request, err := http.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+c.bidders[b.n%len(c.bidders)].accessToken)
	request.Header.Set("Idempotency-Key", string(c.names.appendTo(nil, b.n)))
	request.Header.Set("Prefer", "wait="+waitForOutcome)
	response, err := c.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, messageMax))
	if err != nil {
		return err
	}
	c.take(b.n, response.StatusCode, readAnswer(content))
	return nil
}

// take notes what an answer says. With waiting there is one answer for both, so a bid that is
// decided in time has the same moment of receipt and of outcome; a 202 is a receipt alone.
func (c *requests) take(n, status int, a answer) {
	switch {
	case status == http.StatusOK && string(a.status) != "pending":
		c.ledger.markReceived(n)
		c.ledger.markOutcome(n, a.status, a.detail())
	case status == http.StatusOK, status == http.StatusAccepted:
		c.ledger.markReceived(n)
	case status == http.StatusGatewayTimeout:
		c.ledger.unknown.Add(1)
	case status == http.StatusConflict:
		c.ledger.refused.Add(1)
		c.ledger.markFault(n, a.code)
	case len(a.code) == 0:
		c.ledger.markFault(n, []byte("HTTP "+strconv.Itoa(status)))
	default:
		c.ledger.markFault(n, a.code)
	}
}
