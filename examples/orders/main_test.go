package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/turbopipes/turbopipes/examples/internal/command"
)

// TestMain lets the test binary be a worker, as the program is.
func TestMain(m *testing.M) {
	if os.Getenv(workerEnv) != "" {
		os.Exit(start(command.OS("orders")))
	}
	os.Exit(m.Run())
}

// text is an output for several goroutines.
type text struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *text) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *text) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// Every order has one effect, also when workers are killed and the service is down.
func TestOrders(t *testing.T) {
	for name, args := range map[string]string{
		"jetstream":              "-orders 1500",
		"jetstream, four, chaos": "-orders 3000 -workers 4 -chaos -kills 4 -uncommitted 64",
		"kafka":                  "-orders 1500 -kafka",
		"kafka, three, chaos":    "-orders 3000 -workers 3 -kafka -chaos -kills 4 -uncommitted 64",
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs text
			c := &command.Command{Name: "orders", Args: strings.Fields(args), Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs}
			if status := c.Exit(run(t.Context(), c)); status != 0 || !strings.Contains(out.String(), "\nverified: ") {
				t.Fatalf("exit status %d\n%s\n%s", status, out.String(), errs.String())
			}
		})
	}
}

// The verifier finds an order that is lost, done twice, or out of order.
func TestVerify(t *testing.T) {
	const n = 20
	for name, c := range map[string]struct{ change, want string }{
		"nothing":      {`SELECT 1`, ""},
		"lost":         {`DELETE FROM sales WHERE id = 7`, "1 orders have no effect"},
		"twice":        {`INSERT INTO sales (event, id, customer, number) SELECT 'again', id, customer, number + 100 FROM sales WHERE id = 7`, "1 orders have more than one effect"},
		"out of order": {`UPDATE sales SET number = 99 WHERE at = 1`, "1 orders were booked out of order"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			db, err := openStore(t.TempDir() + "/sales.db")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = db.close() }()
			err = db.create(ctx)
			if err == nil {
				err = messages(n, 1).Each(ctx, func(m message) error {
					_, err := db.db.ExecContext(ctx, `INSERT INTO sales (event, id, customer, number) VALUES (?, ?, ?, ?)`, m.ID, m.ID, m.Customer, m.Number)
					return err
				})
			}
			if err == nil {
				_, err = db.db.ExecContext(ctx, c.change)
			}
			if err != nil {
				t.Fatal(err)
			}
			wrong, err := db.verify(ctx, n, 1)
			if err != nil || strings.Join(wrong, ", ") != c.want {
				t.Fatalf("%q, %v; want %q", wrong, err, c.want)
			}
		})
	}
}

func TestUsage(t *testing.T) {
	for _, args := range []string{"-orders 0", "-workers 0", "-workers 5", "-tasks 0", "-uncommitted 0", "more", "-nonsense"} {
		c := &command.Command{Name: "orders", Args: strings.Fields(args), Stdout: io.Discard, Stderr: io.Discard}
		if status := c.Exit(run(t.Context(), c)); status != 2 {
			t.Errorf("%s: exit status %d, want 2", args, status)
		}
	}
}
