package files_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/turbopipes/turbopipes/connect/files"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
)

// ExampleSource processes the orders of a log, and goes on after the last one that was
// done.
func ExampleSource() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }() // a temporary directory
	name := filepath.Join(dir, "orders.log")
	write := func(lines string) {
		file, _ := os.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600) //nolint:gosec // the example's
		_, _ = file.WriteString(lines)
		_ = file.Close()
	}
	// Once ends the stream at the end of the file. Without it, the file is followed.
	orders := files.Source(name, filepath.Join(dir, "position"), files.Once())
	book := delivery.JSON(func(_ context.Context, d delivery.Delivery[struct{ Item string }]) error {
		fmt.Println("booked", d.Value.Item)
		return nil
	})
	write("{\"item\":\"tea\"}\n{\"item\":\"jam\"}\n")
	fmt.Println(delivery.Process(orders, 1, book).Drain(context.Background()))
	write("{\"item\":\"ink\"}\n")
	fmt.Println(delivery.Process(orders, 1, book).Drain(context.Background()))
	// Output:
	// booked tea
	// booked jam
	// <nil>
	// booked ink
	// <nil>
}

func ExampleAppender() {
	name := filepath.Join(os.TempDir(), "example-appender.log")
	defer func() { _ = os.Remove(name) }() // a temporary file
	out, err := files.OpenAppender(name)
	if err != nil {
		fmt.Println(err)
		return
	}
	b := deliverytest.NewBroker(1)
	b.Publish(deliverytest.Event{Value: []byte("one")}, deliverytest.Event{Value: []byte("two")})
	b.End()
	err = delivery.Process(b.Log(deliverytest.LogOptions{}), 1, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
		return out.Append(ctx, d.Value) // acked when the line is synced
	}).Drain(context.Background())
	fmt.Println(err, out.Close())
	written, _ := os.ReadFile(name) //nolint:gosec // the example's
	fmt.Printf("%s", written)
	// Output:
	// <nil> <nil>
	// one
	// two
}
