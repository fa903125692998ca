package sse_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/connect/sse"
)

func ExampleServer() {
	server := sse.NewServer(sse.History(100), sse.Replay(), sse.NumberIDs())
	web := httptest.NewServer(server) // or http.Handle("/prices", server)
	defer web.Close()
	ended := make(chan error)
	go func() {
		ended <- server.Run(context.Background(), turbopipes.Just(
			sse.Event{Type: "price", Data: []byte("12.50")},
			sse.Event{Type: "price", Data: []byte("12.75")},
		))
	}()
	// A client. It ends when the stream has completed.
	prices := sse.Events(web.URL, sse.Reconnect(10*time.Millisecond, time.Second))
	err := prices.Each(context.Background(), func(e sse.Event) error {
		fmt.Println(e.Type, string(e.Data))
		return nil
	})
	fmt.Println(err, <-ended)
	// Output:
	// price 12.50
	// price 12.75
	// <nil> <nil>
}
