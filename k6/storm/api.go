package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

const (
	refusalsMax  = 5 // a call told to come back later is given up after so many tries
	retryWaitMax = 10 * time.Second
	answerMax    = 1 << 20     // bytes of an answer that are read
	setUpTimeout = time.Minute // one call: passwords are hashed one after another
)

// api speaks the HTTP API for setting up: users, products, auctions.
type api struct {
	base   string
	client *http.Client
}

func newAPI(base string, connections int) *api {
	return &api{base: base, client: newClient(connections, setUpTimeout)}
}

func newClient(connections int, timeout time.Duration) *http.Client {
	transport := &http.Transport{
		MaxConnsPerHost:     connections,
		MaxIdleConnsPerHost: connections,
		DisableCompression:  true,
	}
	return &http.Client{Transport: transport, Timeout: timeout}
}

// problem is an error answer of the API (RFC 9457).
type problem struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func (p *problem) Error() string {
	return fmt.Sprintf("%d %s: %s", p.Status, p.Code, p.Detail)
}

func hasStatus(err error, status int) bool {
	var p *problem
	return errors.As(err, &p) && p.Status == status
}

// post sends body and decodes the answer. It tries again when told to come back later (429, 503);
// any other error answer is returned as a *problem.
func (a *api) post(ctx context.Context, path, token string, body, answer any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		wait, err := a.postOnce(ctx, path, token, text, answer)
		if wait == 0 || try == refusalsMax {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// postOnce returns, beside the error, how long to wait before a retry; 0 if there is none to make.
func (a *api) postOnce(
	ctx context.Context, path, token string, text []byte, answer any,
) (time.Duration, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.base+path, bytes.NewReader(text))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := a.client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, answerMax))
	if err != nil {
		return 0, err
	}
	if response.StatusCode >= 300 {
		return retryAfter(response), readProblem(path, response.StatusCode, content)
	}
	return 0, json.Unmarshal(content, answer)
}

func readProblem(path string, status int, content []byte) error {
	p := &problem{}
	if json.Unmarshal(content, p) != nil || p.Code == "" {
		p.Code = "NO_CODE"
	}
	p.Status = status
	return fmt.Errorf("POST %s: %w", path, p)
}

func retryAfter(response *http.Response) time.Duration {
	if response.StatusCode != http.StatusTooManyRequests &&
		response.StatusCode != http.StatusServiceUnavailable {
		return 0
	}
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err != nil || seconds < 1 {
		seconds = 1
	}
	return min(time.Duration(seconds)*time.Second, retryWaitMax)
}
