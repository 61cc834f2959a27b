// Command ferretdb speaks MongoDB's wire protocol and keeps the documents in PostgreSQL.
//
// It reads FERRETDB_LISTEN (host:port) and FERRETDB_POSTGRESQL_URL, runs until SIGTERM or SIGINT,
// and then closes its connections. The URL carries pool_max_conns: FerretDB opens a pool per
// database, and PostgreSQL's connections are shared with the application.
package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	// Its information lines number one per command: only warnings are worth a log file.
	logger := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))

	server, err := ferretdb.New(&ferretdb.Config{
		Listener:      ferretdb.ListenerConfig{TCP: os.Getenv("FERRETDB_LISTEN")},
		Logger:        logger,
		Handler:       "postgresql",
		PostgreSQLURL: os.Getenv("FERRETDB_POSTGRESQL_URL"),
	})
	if err != nil {
		logger.Error("ferretdb cannot start", slog.Any("error", err))
		os.Exit(1)
	}

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()

	if err := server.Run(ctx); err != nil {
		logger.Error("ferretdb stopped", slog.Any("error", err))
		os.Exit(1)
	}
}
