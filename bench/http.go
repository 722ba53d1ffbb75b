// A web server with two handlers, for the http section of the benchmarks: it prints its address and serves until it is told to stop.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

type item struct {
	ID    int               `json:"id"`
	Name  string            `json:"name"`
	Price float64           `json:"price"`
	Tags  []string          `json:"tags"`
	Attrs map[string]string `json:"attrs"`
}

type page struct {
	Query string `json:"query"`
	Items []item `json:"items"`
}

func hello(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintln(w, "Hello, world")
}

// listing answers with ten items, a kilobyte of JSON.
func listing(w http.ResponseWriter, r *http.Request) {
	p := page{Query: r.URL.Query().Get("q")}
	for i := range 10 {
		p.Items = append(p.Items, item{i, fmt.Sprintf("item-%d", i), float64(i) * 1.25, []string{"red", "round"}, map[string]string{"size": "large"}})
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(p)
}

func main() {
	http.HandleFunc("GET /hello", hello)
	http.HandleFunc("GET /json", listing)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(l.Addr())
	srv := &http.Server{ReadHeaderTimeout: 10 * time.Second}
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	go srv.Serve(l)
	<-stop.Done()
	srv.Close()
}
