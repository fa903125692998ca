// Package goroutines tells which have been started and have not ended, for the
// proofs of the examples.
package goroutines

import (
	"regexp"
	"runtime"
	"slices"
	"time"
)

var header = regexp.MustCompile(`(?m)^goroutine (\d+) \[`)

// All are the ids of the goroutines that run, less those of the runtime itself,
// which runtime.NumGoroutine may have among them.
func All() (ids []string) {
	stacks := make([]byte, 1<<20)
	for _, m := range header.FindAllSubmatch(stacks[:runtime.Stack(stacks, true)], -1) {
		ids = append(ids, string(m[1]))
	}
	return ids
}

// Since counts those that run and were not among the ids.
func Since(ids []string) (n int) {
	for _, id := range All() {
		if !slices.Contains(ids, id) {
			n++
		}
	}
	return n
}

// Left is Since when those that have ended have had time to vanish: net/http, for
// one, tells nobody when the goroutines of a closed connection are gone.
func Left(ids []string) (n int) {
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for range 400 {
		if n = Since(ids); n == 0 {
			break
		}
		<-again.C
	}
	return n
}
