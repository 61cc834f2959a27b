package main

import "context"

// Why a bid was never sent. Server codes are upper case, so these cannot be mistaken for one.
const (
	faultClosed    = "socket closed"
	faultThrottled = "generator late" // catching up would pass the limit of frames a second
)

// carrier takes bids to the server over one transport.
type carrier interface {
	// open makes ready to send. A user who cannot be connected is counted, not an error: the bids
	// that would be his fail one by one.
	open(ctx context.Context) error
	// offer sends a bid without waiting for its answer.
	offer(b bid)
	// close ends everything the carrier started; the ledger rests after it.
	close()
}
