package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"
)

const (
	framesPerSecondMax = 20               // the server's limit for one socket
	outcomeGrace       = 5 * time.Second  // a bid without an outcome after this has failed
	requestTimeout     = 10 * time.Second // one HTTP call or one step of opening a socket
	runMax             = 9 * time.Minute  // an access token lives 10 min and is not renewed
	ladderBidsMax      = 1_900_000        // more rising KRW bids would pass the highest amount, 10^12
	bidsMax            = 5_000_000        // every bid keeps its times in memory until the report

	// tickDefault is how often the generator wakes, to send what is due and read what has come.
	// Waking is the dearest thing it does, so it costs the machine under test less than once for
	// every frame would; no time it measures is off by more.
	tickDefault = 2 * time.Millisecond
)

type options struct {
	baseURL    string
	wsURL      string
	mode       string
	accounts   string
	prepare    string
	stages     []stage // instead of rate and duration: users come and go
	sockets    int
	viewers    int // more sockets, of guests, that watch and do not bid
	auctions   int
	rate       float64
	duration   time.Duration
	subscribe  bool
	ending     bool // the auctions end during the storm, one after another
	signIns    int
	openings   int
	settleTime time.Duration
	tick       time.Duration
	grace      time.Duration // outcomeGrace, but for tests; as is endingLead
	endingLead time.Duration
}

// parseOptions reads the command line; its errors tell the caller which option to change.
func parseOptions(arguments []string, output io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("storm", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.StringVar(&o.baseURL, "base-url", "http://127.0.0.1:8080", "address of the HTTP API")
	flags.StringVar(&o.wsURL, "ws-url", "", "address of the WebSocket; default: /ws of the base URL")
	flags.StringVar(&o.mode, "mode", "ws", "how bids are sent: ws or http")
	flags.StringVar(&o.accounts, "tokens", "-", "file that keeps the users for the next run; - for none")
	flags.StringVar(&o.prepare, "prepare", "", "sign users in, open auctions, write both into this file, and end")
	flags.IntVar(&o.sockets, "sockets", 1000, "users, one socket each")
	flags.IntVar(&o.viewers, "viewers", 0, "guests who watch, one socket each, beside the users")
	flags.IntVar(&o.auctions, "auctions", 1, "auctions the users are spread over")
	flags.Float64Var(&o.rate, "rate", 2000, "bids offered per second, all users together")
	seconds := flags.Float64("seconds", 20, "how long bids are offered")
	stages := flags.String("stages", "", "instead of rate, seconds and sockets: 5s:100,10s:500 takes "+
		"the users to 100 within 5 s, to 500 within 10 s more; each bids once a second")
	flags.BoolVar(&o.subscribe, "subscribe", true, "every socket also watches its auction")
	flags.BoolVar(&o.ending, "ending", false, "the auctions end during the storm, one after another")
	flags.IntVar(&o.signIns, "sign-ins", 4, "users signed in at once")
	flags.IntVar(&o.openings, "openings", 32, "sockets opened at once")
	flags.DurationVar(&o.settleTime, "settle", 2*time.Second, "rest between opening and the first bid")
	flags.DurationVar(&o.tick, "tick", tickDefault, "how often bids are sent and answers are read")
	if err := flags.Parse(arguments); err != nil {
		return o, err
	}
	o.grace, o.endingLead = outcomeGrace, endingLead
	o.duration = time.Duration(*seconds * float64(time.Second))
	o.baseURL = strings.TrimRight(o.baseURL, "/")
	if o.wsURL == "" {
		o.wsURL = "ws" + strings.TrimPrefix(o.baseURL, "http") + "/ws"
	}
	if *stages != "" {
		if err := o.setStages(*stages); err != nil {
			return o, err
		}
	}
	return o, o.check()
}

// setStages gives the storm the users and the length of the stages.
func (o *options) setStages(text string) error {
	stages, err := parseStages(text)
	if err != nil {
		return err
	}
	o.stages, o.sockets, o.duration = stages, usersMax(stages), 0
	for _, s := range stages {
		o.duration += s.length
	}
	o.rate = float64(o.sockets) * float64(time.Second) / float64(bidInterval)
	return nil
}

// timetable is when the bids of the run are due.
func (o options) timetable() timetable {
	if o.stages != nil {
		return newStaged(o.stages)
	}
	return even{rate: o.rate, bids: o.bids(), users: o.sockets}
}

// steady is the time whose decided bids a second the run is known by.
func (o options) steady() stay {
	if o.stages != nil {
		return steady(o.stages)
	}
	return stay{until: o.duration}
}

func (o options) check() error {
	switch {
	case o.mode != "ws" && o.mode != "http":
		return errors.New("--mode is ws or http")
	case o.sockets < 1 || o.auctions < 1 || o.signIns < 1 || o.openings < 1:
		return errors.New("--sockets, --auctions, --sign-ins and --openings are at least 1")
	case o.viewers < 0 || o.viewers > 0 && (o.mode == "http" || o.stages != nil):
		return errors.New("--viewers come beside users who bid all the time over WebSockets")
	case o.ending && o.mode == "http":
		return errors.New("--ending needs sockets, which are told of the end")
	case o.tick <= 0:
		return errors.New("--tick is above 0")
	case o.auctions > o.sockets && o.prepare == "":
		return errors.New("--auctions may not exceed --sockets: each user bids on one auction")
	case o.rate <= 0 || o.duration <= 0 || o.duration > runMax:
		return fmt.Errorf("--rate is above 0, --seconds (or all --stages) above 0 and at most %.0f",
			runMax.Seconds())
	case o.rate > framesPerSecondMax*float64(o.sockets):
		return fmt.Errorf("--rate is over %d frames/s a socket", framesPerSecondMax)
	case o.bids() > bidsMax || o.bids()/o.auctions > ladderBidsMax:
		return errors.New("too many bids for one run: lower --rate or --seconds")
	}
	return nil
}

// bids is the number of bids the run offers; of stages the most it may be.
func (o options) bids() int {
	return max(1, int(o.rate*o.duration.Seconds()+0.5))
}
