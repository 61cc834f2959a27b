package main

import (
	"context"
	"sync"
	"sync/atomic"
)

// inParallel calls work(0) … work(count-1), at most parallel at once. It returns the first error
// and starts nothing more after it, nor after ctx has ended.
func inParallel(ctx context.Context, count, parallel int, work func(i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(parallel, count) {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for i := int(next.Add(1)) - 1; i < count && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if err := work(i); err != nil {
					cancel(err)
				}
			}
		}()
	}
	workers.Wait()
	return context.Cause(ctx)
}
