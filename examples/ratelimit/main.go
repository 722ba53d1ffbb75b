// Ratelimit lets a burst of requests through a token bucket and reports whether the
// limit held.
package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

type bucket struct{ tokens chan struct{} }

func newBucket(ctx context.Context, burst int, every time.Duration) *bucket {
	b := &bucket{make(chan struct{}, burst)}
	for range burst {
		b.tokens <- struct{}{}
	}
	go b.refill(ctx, every)
	return b
}

func (b *bucket) refill(ctx context.Context, every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			select {
			case b.tokens <- struct{}{}:
			default:
			}
		case <-ctx.Done():
			return
		}
	}
}

func (b *bucket) wait(ctx context.Context) error {
	select {
	case <-b.tokens:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func main() {
	const burst, total = 5, 25
	const every = 10 * time.Millisecond
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	b := newBucket(ctx, burst, every)
	start := time.Now()
	var served atomic.Int32
	var wg sync.WaitGroup
	for range total {
		wg.Go(func() {
			if b.wait(ctx) == nil {
				served.Add(1)
			}
		})
	}
	wg.Wait()
	fmt.Println("served:", served.Load(), "limit held:", time.Since(start) >= (total-burst-1)*every)
	short, stop := context.WithTimeout(ctx, time.Millisecond)
	defer stop()
	empty := &bucket{make(chan struct{})}
	fmt.Println("timed out:", errors.Is(empty.wait(short), context.DeadlineExceeded))
}
