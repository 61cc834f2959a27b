package main

import (
	"strconv"
	"time"
)

// firstBidID is the frame id of a socket's first bid. Ids rise by one a frame: below it they belong
// to opening the socket, from it on they tell which of the socket's bids a frame carried, so that an
// error leads back to its bid.
const firstBidID = 100

// bid is one offer as it is sent.
type bid struct {
	auctionID int64
	amount    int64
	n         int // its number in the run
}

// appendAuth without a token lets a guest in.
func appendAuth(text []byte, id int, token string) []byte {
	text = strconv.AppendInt(append(text, `{"id":`...), int64(id), 10)
	if token == "" {
		return append(text, `,"type":"auth"}`...)
	}
	text = append(text, `,"type":"auth","token":"`...)
	return append(append(text, token...), `"}`...)
}

func appendSubscribe(text []byte, id int, auctionID int64) []byte {
	text = strconv.AppendInt(append(text, `{"id":`...), int64(id), 10)
	text = append(text, `,"type":"subscribe","channel":"auction:`...)
	return append(strconv.AppendInt(text, auctionID, 10), `"}`...)
}

// appendBid always confirms: the first bids on an auction may be far above its price.
func appendBid(text []byte, id int, b bid, names keys) []byte {
	text = append(text, `{"id":`...)
	text = strconv.AppendInt(text, int64(id), 10)
	text = append(text, `,"type":"bid.place","auction_id":`...)
	text = strconv.AppendInt(text, b.auctionID, 10)
	text = append(text, `,"amount":`...)
	text = strconv.AppendInt(text, b.amount, 10)
	text = append(text, `,"confirm":true,"key":"`...)
	return append(names.appendTo(text, b.n), `"}`...)
}

// answer is what the storm needs to know of a server frame, or of the body of an HTTP answer. It
// points into the text it was read from.
type answer struct {
	kind, key, status, standing, code []byte
	re                                int
	retry                             bool          // the error says "later"
	retryAfter                        time.Duration // 0: it does not say when
}

func readAnswer(text []byte) answer {
	var a answer
	scanFields(text, func(name, value []byte) bool {
		switch string(name) {
		case "type":
			a.kind = unquote(value)
			return isAnswer(a.kind)
		case "re":
			a.re, _ = strconv.Atoi(string(value))
		case "key":
			a.key = unquote(value)
		case "status":
			a.status = unquote(value)
		case "standing":
			a.standing = unquote(value)
		case "code":
			a.code = unquote(value)
		case "retry":
			a.retry = string(value) == "true"
		case "retry_after_ms":
			milliseconds, _ := strconv.Atoi(string(value))
			a.retryAfter = time.Duration(milliseconds) * time.Millisecond
		}
		return true
	})
	return a
}

// isAnswer is false for pushes, whose other fields nobody needs.
func isAnswer(kind []byte) bool {
	switch string(kind) {
	case "bid.received", "bid.result", "bid.unknown", "bid.refused", "error", "welcome", "subscribed":
		return true
	}
	return false
}

// detail is what an outcome is counted under beside its status.
func (a answer) detail() []byte {
	if len(a.code) > 0 {
		return a.code
	}
	return a.standing
}
