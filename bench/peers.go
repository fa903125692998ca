package main

import (
	"context"
	"fmt"

	"github.com/reactivex/rxgo/v2"
	"github.com/reugn/go-streams/extension"
	"github.com/turbopipes/turbopipes"
)

// Code that several workloads need for the libraries.

var background = context.Background()

// upTo returns 0, 1, … n-1.
func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// must ends the program, because a contender has failed where nothing can fail.
func must(err error) {
	if err != nil {
		panic(fmt.Sprintf("a contender has failed: %v", err))
	}
}

// deliver is the end of a turbopipes pipeline.
func deliver(t *trial, o turbopipes.Observable[int]) {
	must(o.Each(background, func(v int) error { t.add(v); return nil }))
}

// rx1024 gives every channel of rxgo a buffer.
var rx1024 = rxgo.WithBufferedChannel(1024)

// deliverRx is the end of an rxgo pipeline.
func deliverRx(add func(int), o rxgo.Observable, opts ...rxgo.Option) {
	for item := range o.Observe(opts...) {
		must(item.E)
		add(item.V.(int))
	}
}

// sourceGS returns the integers from 0 to n-1 for go-streams, which reads channels.
func sourceGS(n int) *extension.ChanSource {
	in := make(chan any)
	go func() {
		defer close(in)
		for v := range n {
			in <- v
		}
	}()
	return extension.NewChanSource(in)
}
