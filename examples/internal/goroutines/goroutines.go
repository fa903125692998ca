// Package goroutines counts the goroutines that were started and have not ended, for
// the proofs of the examples.
package goroutines

import (
	"regexp"
	"runtime"
	"slices"
	"time"
)

var header = regexp.MustCompile(`(?m)^goroutine (\d+) \[`)

// All returns the ids of the running goroutines, without those of the runtime
// itself, which runtime.NumGoroutine may include.
func All() (ids []string) {
	stacks := make([]byte, 1<<20)
	for _, m := range header.FindAllSubmatch(stacks[:runtime.Stack(stacks, true)], -1) {
		ids = append(ids, string(m[1]))
	}
	return ids
}

// Since counts the running goroutines that are not among the ids.
func Since(ids []string) (n int) {
	for _, id := range All() {
		if !slices.Contains(ids, id) {
			n++
		}
	}
	return n
}

// Left is Since after goroutines that have ended have had time to vanish: net/http,
// for example, does not report when the goroutines of a closed connection are gone.
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
