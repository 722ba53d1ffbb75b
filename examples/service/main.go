// Service keeps JSON documents for clients that speak HTTPS.
//
//	service -data DIR                                   documents in files of its own
//	service -data DIR -postgres postgres://user@host/db  documents in PostgreSQL
//
// With -tls the folder also gets a certificate for localhost if it has none: curl --cacert DIR/cert.pem https://localhost:8443/v1/documents.
// What the API is stands in api.go, how files survive a crash in journal/journal.go, how PostgreSQL is spoken to in pgwire/pgwire.go.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

type options struct {
	addr, admin, data, postgres, hosts string
	tls, verbose                       bool
	timeout, grace                     time.Duration
	concurrent                         int
	compact                            int64
}

func parseFlags() options {
	var o options
	flag.StringVar(&o.addr, "addr", "localhost:8443", "where to serve `host:port`")
	flag.StringVar(&o.admin, "admin", "", "where to serve metrics and profiles, `host:port`, without TLS")
	flag.StringVar(&o.data, "data", "data", "`folder` of documents and certificates")
	flag.StringVar(&o.postgres, "postgres", "", "`URL` of a PostgreSQL database for the documents")
	flag.StringVar(&o.hosts, "hosts", "localhost,127.0.0.1,::1", "what a new certificate is for")
	flag.BoolVar(&o.tls, "tls", true, "serve with TLS")
	flag.BoolVar(&o.verbose, "v", false, "log every request")
	flag.DurationVar(&o.timeout, "timeout", 10*time.Second, "for one request")
	flag.DurationVar(&o.grace, "grace", 20*time.Second, "for requests in flight when the service is told to stop")
	flag.IntVar(&o.concurrent, "concurrent", 1000, "requests worked on at once")
	flag.Int64Var(&o.compact, "compact", 64<<20, "size from which files are compacted, in bytes")
	flag.Parse()
	return o
}

func main() {
	o := parseFlags()
	level := slog.LevelInfo
	if o.verbose {
		level = slog.LevelDebug
	}
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level})))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		slog.Error("service failed", "error", err)
		os.Exit(1)
	}
	slog.Info("service stopped")
}

func openStore(ctx context.Context, o options) (Store, error) {
	if o.postgres != "" {
		ctx, cancel := context.WithTimeout(ctx, o.timeout)
		defer cancel()
		return OpenSQLStore(ctx, o.postgres)
	}
	return OpenFileStore(filepath.Join(o.data, "documents"), o.compact)
}

// run serves until the context ends.
func run(ctx context.Context, o options) (err error) {
	store, err := openStore(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	metrics := new(Metrics)
	api := NewAPI(store, metrics, o.timeout, o.concurrent)
	failed := make(chan error, 2)
	if o.admin != "" {
		l, err := net.Listen("tcp", o.admin)
		if err != nil {
			return err
		}
		admin := &http.Server{Handler: adminHandler(metrics)}
		defer admin.Close()
		go func() { failed <- admin.Serve(l) }()
		slog.Info("admin", "address", l.Addr().String())
	}
	s, l, err := listen(o, api.Handler())
	if err != nil {
		return err
	}
	go func() { failed <- s.Serve(l) }()
	slog.Info("serving", "address", l.Addr().String(), "tls", o.tls, "pid", os.Getpid())
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	api.stopping.Store(true)
	slog.Info("stopping", "in_flight", metrics.inflight.Load())
	ctx, cancel := context.WithTimeout(context.Background(), o.grace)
	defer cancel()
	return s.Shutdown(ctx)
}

func listen(o options, h http.Handler) (*http.Server, net.Listener, error) {
	s := &http.Server{
		Handler:           h,
		ErrorLog:          slog.NewLogLogger(slog.Default().Handler(), slog.LevelWarn),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       o.timeout + 5*time.Second,
		WriteTimeout:      o.timeout + 10*time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	l, err := net.Listen("tcp", o.addr)
	if err != nil || !o.tls {
		return s, l, err
	}
	cert, err := certificate(o.data, strings.Split(o.hosts, ","))
	if err != nil {
		l.Close()
		return nil, nil, err
	}
	s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	return s, tls.NewListener(l, s.TLSConfig), nil
}

func adminHandler(m *Metrics) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m)
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	return mux
}
