// Command toxiproxy stands between the fault campaign's processes and their servers.
//
// It serves toxiproxy's HTTP API on TOXIPROXY_LISTEN (host:port): proxies are made there, and told
// to delay, throttle, cut, reset or swallow what passes. It runs until SIGTERM or SIGINT.
package main

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

func main() {
	// Its information lines number two per connection.
	logger := zerolog.New(os.Stderr).Level(zerolog.WarnLevel).With().Timestamp().Logger()

	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), logger)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		_ = server.Shutdown()
	}()

	if err := server.Listen(os.Getenv("TOXIPROXY_LISTEN")); err != nil {
		logger.Error().Err(err).Msg("toxiproxy stopped")
		os.Exit(1)
	}
}
