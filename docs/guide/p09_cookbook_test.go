package guide_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// site is what the crawler visits: the links of each page.
var site = map[string][]string{"/": {"/docs", "/blog"}, "/docs": {"/", "/docs/api"}, "/blog": {"/docs"}}

func Example_crawl() {
	fetch := func(_ context.Context, page string) (links []string, err error) { return site[page], nil }

	var seen sync.Map // shared by the streams of all pages, which run on several goroutines
	fresh := func(page string) bool { _, again := seen.LoadOrStore(page, true); return !again }
	crawl := operators.Expand(4, func(page string) tp.Observable[string] { // at most 4 requests run
		request := tp.Defer(func(ctx context.Context) (tp.Observable[string], error) {
			links, err := fetch(ctx, page)
			return operators.Filter(fresh)(tp.FromSlice(links)), err
		})
		return tp.Pipe2(request,
			operators.Retry[string](2),
			operators.OnErrorComplete[string](func(err error) bool {
				fmt.Println(page, "is left out:", err)
				return true
			}))
	}, operators.WithMaxPending(100_000))

	seen.Store("/", true)
	err := crawl(tp.Just("/")).Each(ctx, func(page string) error {
		fmt.Println(page)
		return nil
	})
	fmt.Println("error:", err)
	// Unordered output:
	// /
	// /docs
	// /blog
	// /docs/api
	// error: <nil>
}

func Example_enrichAndBatch() {
	lookup := func(_ context.Context, id int) (string, error) { return fmt.Sprintf("user %d", id), nil }
	insert := func(_ context.Context, rows []string) (int, error) { // INSERT … VALUES …, in one transaction
		fmt.Printf("insert %q\n", rows)
		return len(rows), nil
	}

	stored := tp.Pipe3(tp.Range(1, 5),
		operators.Parallel(8, lookup, operators.Ordered()),               // at most 8 look-ups run
		operators.BufferWithTimeOrCount[string](100*time.Millisecond, 2), // 2 rows, or what came in 100 ms
		operators.TryMap(insert))                                         // one batch at a time; Parallel(2, insert) for two
	total, err := operators.Sum[int]()(stored).Collect(ctx)
	fmt.Println(total, err)
	// Output:
	// insert ["user 1" "user 2"]
	// insert ["user 3" "user 4"]
	// insert ["user 5"]
	// [5] <nil>
}

// follow emits the lines of a file, and those that are appended later.
func follow(path string, poll time.Duration) tp.Observable[string] {
	return tp.Create(func(ctx context.Context, emit func(string) bool) error {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		tick := time.NewTicker(poll)
		defer tick.Stop()
		reader, held := bufio.NewReader(file), ""
		for {
			part, err := reader.ReadString('\n')
			held += part
			switch {
			case errors.Is(err, io.EOF): // wait for more
				select {
				case <-tick.C:
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			case err != nil:
				return err
			case !emit(strings.TrimSuffix(held, "\n")):
				return nil
			default:
				held = ""
			}
		}
	})
}

func Example_tail() {
	dir, _ := os.MkdirTemp("", "tail")
	defer os.RemoveAll(dir)
	log, _ := os.Create(filepath.Join(dir, "app.log"))
	defer log.Close()

	fmt.Fprintln(log, "INFO start")
	failures := tp.Pipe2(follow(log.Name(), time.Millisecond),
		operators.Filter(func(line string) bool { return strings.HasPrefix(line, "ERROR") }),
		operators.Take[string](1)) // for the example; a program stops it by Stop
	fmt.Fprintln(log, "ERROR no disk")
	fmt.Println(failures.Collect(ctx))
	// Output: [ERROR no disk] <nil>
}

// events serves updates as Server-Sent Events. A client that is slow loses old
// updates, and harms nobody else.
func events(updates tp.Observable[string]) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		flusher := http.NewResponseController(w)
		err := updates.Each(r.Context(), func(text string) error { // ends when the client leaves
			if _, err := fmt.Fprintf(w, "data: %s\n\n", text); err != nil {
				return err
			}
			return flusher.Flush()
		})
		if err != nil && r.Context().Err() == nil {
			fmt.Println("client lost:", err)
		}
	}
}

func Example_webClients() {
	// The newest item is kept for clients that come later. Each client has a queue of 16.
	prices := tp.NewReplaySubject[string](1, tp.WithQueue(16), tp.WithOverflow(tp.DropOldest))
	handler := events(prices.Observable())

	_ = prices.Next(ctx, "EUR 1.07")
	_ = prices.Next(ctx, "EUR 1.08")
	prices.Complete()
	for range 2 { // two clients; http.Handle("/prices", handler) in a program
		w := httptest.NewRecorder()
		handler(w, httptest.NewRequest(http.MethodGet, "/prices", nil))
		fmt.Printf("%q\n", w.Body.String())
	}
	// Output:
	// "data: EUR 1.08\n\n"
	// "data: EUR 1.08\n\n"
}

// sensor is an API with callbacks, which come on any goroutine.
type sensor struct{ values []int }

// OnValue registers a callback. off removes it.
func (s *sensor) OnValue(fn func(int)) (off func()) {
	stopped, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for _, v := range s.values {
			fn(v)
		}
		<-stopped
	}()
	return func() { close(stopped); <-done }
}

// registration is a callback that is registered, and where its values go.
type registration struct {
	values *tp.UnicastSubject[int]
	off    func()
}

// readings is the sensor as a stream: each subscription registers a callback, and
// removes it at its end.
func readings(s *sensor) tp.Observable[int] {
	return tp.Using(func(ctx context.Context) (registration, error) {
		values := tp.NewUnicastSubject[int](tp.WithQueue(64), tp.WithOverflow(tp.DropOldest))
		off := s.OnValue(func(v int) { _ = values.Next(ctx, v) }) // never waits: the queue drops
		return registration{values, off}, nil
	}, func(r registration) tp.Observable[int] {
		return r.values.Observable()
	}, func(r registration) error {
		r.off()
		return nil
	})
}

func Example_callbacks() {
	s := &sensor{values: []int{20, 21, 22, 23}}
	fmt.Println(operators.Take[int](3)(readings(s)).Collect(ctx))
	// Output: [20 21 22] <nil>
}

func Example_threeSinks() {
	rows := operators.Map(strings.ToUpper)(tp.Just("a", "b", "c")) // extract and transform, once

	var archived, indexed, counted atomic.Int64
	to := func(sink *atomic.Int64) func(context.Context, []string) (int, error) {
		return func(_ context.Context, batch []string) (int, error) {
			return int(sink.Add(int64(len(batch)))), nil
		}
	}
	one := operators.BufferWithCount[string](1)
	two := operators.BufferWithCount[string](2)
	streams := tp.Broadcast(rows, 3, tp.WithQueue(100)) // each sink gets every row
	archive := tp.Pipe2(streams[0], two, operators.TryMap(to(&archived)))
	index := tp.Pipe2(streams[1], one, operators.Parallel(4, to(&indexed)))
	count := tp.Pipe2(streams[2], two, operators.TryMap(to(&counted)))

	err := operators.Merge(index, count)(archive).Drain(ctx) // the first failure ends all three
	fmt.Println(archived.Load(), indexed.Load(), counted.Load(), err)
	// Output: 3 3 3 <nil>
}

// list is one page of a directory of an object store, two entries at a time.
// Directories end with a slash.
func list(_ context.Context, dir string, from int) (entries []string, next int, more bool, err error) {
	all := map[string][]string{
		"/":     {"/a/", "/b/", "/readme"},
		"/a/":   {"/a/1", "/a/2", "/a/3"},
		"/b/":   {"/b/c/"},
		"/b/c/": {"/b/c/4"},
	}[dir]
	to := min(from+2, len(all))
	return all[from:to], to, to < len(all), nil
}

func Example_recursiveListing() {
	walk := operators.Expand(4, func(path string) tp.Observable[string] { // at most 4 directories at a time
		if !strings.HasSuffix(path, "/") {
			return tp.Empty[string]()
		}
		return tp.Paginate(0, func(ctx context.Context, from int) ([]string, int, bool, error) {
			return list(ctx, path, from)
		})
	})
	files := operators.Filter(func(path string) bool { return !strings.HasSuffix(path, "/") })
	_ = tp.Pipe2(tp.Just("/"), walk, files).Each(ctx, func(path string) error {
		fmt.Println(path)
		return nil
	})
	// Unordered output:
	// /readme
	// /a/1
	// /a/2
	// /a/3
	// /b/c/4
}

func Example_insteadOfErrgroup() {
	check := func(_ context.Context, host string) (string, error) { return host + " is up", nil }

	hosts := tp.Just("alpha", "beta", "gamma")
	states, err := operators.Parallel(2, check, operators.Ordered())(hosts).Collect(ctx)
	fmt.Println(states, err)
	// Output: [alpha is up beta is up gamma is up] <nil>
}

func Example_insteadOfRill() {
	user := func(_ context.Context, id int) (string, error) { return fmt.Sprintf("user %d", id), nil }
	save := func(_ context.Context, users []string) (int, error) { return len(users), nil }

	err := tp.Pipe3(tp.Range(1, 10),
		operators.Parallel(3, user),
		operators.BufferWithTimeOrCount[string](100*time.Millisecond, 5),
		operators.Parallel(2, save)).Drain(ctx)
	fmt.Println(err)
	// Output: <nil>
}
