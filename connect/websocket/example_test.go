package websocket_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	ws "github.com/coder/websocket"

	"github.com/turbopipes/turbopipes/connect/websocket"
	"github.com/turbopipes/turbopipes/delivery"
)

type price struct {
	Symbol string
	Cents  int
}

// Prices are processed 16 at a time. The server ends the stream with a normal closure.
func ExampleSource() {
	server := httptest.NewServer(http.HandlerFunc(prices))
	defer server.Close()

	source := websocket.Source(server.URL, websocket.KeyBy(func(websocket.Message) string { return "all in order" }))
	err := delivery.Process(source, 16, delivery.JSON(func(_ context.Context, d delivery.Delivery[price]) error {
		fmt.Println(d.Value.Symbol, d.Value.Cents)
		return nil
	})).Drain(context.Background())
	fmt.Println(err)
	// Output:
	// ACME 1250
	// ACME 1275
	// <nil>
}

func prices(w http.ResponseWriter, r *http.Request) {
	c, err := ws.Accept(w, r, nil)
	if err != nil {
		return
	}
	for _, cents := range []int{1250, 1275} {
		send(c, fmt.Sprintf(`{"Symbol":"ACME","Cents":%d}`, cents))
	}
	_ = c.Close(ws.StatusNormalClosure, "")
}
