// Command storm offers bids to a running auction house, at a fixed rate or by users who come and
// go, and reports what became of each of them.
//
// It signs its users in over HTTP, opens one WebSocket a user (or keeps to HTTP), offers bids on a
// schedule that does not wait for answers, and prints one JSON object on standard output. Progress
// goes to standard error. It ends with 0 whenever the storm was run, however it went: judging the
// figures is the caller's part. 1 means that it could not be run, 2 that the options are wrong.
//
// With --prepare it only signs the users in and opens the auctions, for the scripts in k6/.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	options, err := parseOptions(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "storm:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if options.prepare != "" {
		if err := prepareRun(ctx, options, progress(os.Stderr)); err != nil {
			fmt.Fprintln(os.Stderr, "storm:", err)
			os.Exit(1)
		}
		return
	}
	report, err := run(ctx, options, progress(os.Stderr))
	if err != nil {
		fmt.Fprintln(os.Stderr, "storm:", err)
		os.Exit(1)
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(report); err != nil {
		os.Exit(1)
	}
}
