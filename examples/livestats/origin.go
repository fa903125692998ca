package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/build"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/examples/internal/network"
	"github.com/turbopipes/turbopipes/examples/internal/text"
	"github.com/turbopipes/turbopipes/operators"
)

// origin writes the log. open starts it, and returns the subscription that keeps it
// going. close ends everything that is left when that subscription has ended. counts
// returns the numbers of lines that the readers must have.
type origin interface {
	open(ctx context.Context, log io.Writer) (*tp.Subscription, error)
	close() error
	counts() []count
}

type count struct {
	name string
	n    int64
}

// copied is an origin that copies an existing log.
type copied struct {
	from    io.ReadCloser
	tooLong func()
	end     context.CancelFunc
}

// open copies the log line by line. A read of a terminal or a pipe can't be
// cancelled, so it runs on its own goroutine, which ends with the log, at close, or
// with the process.
func (c *copied) open(ctx context.Context, log io.Writer) (*tp.Subscription, error) {
	reading, end := context.WithCancel(ctx)
	c.end = end
	read := make(chan tp.Result[string])
	send := func(line string, err error) bool {
		select {
		case read <- tp.Result[string]{Value: line, Err: err}:
			return true
		case <-reading.Done():
			return false
		}
	}
	go func() {
		defer close(read)
		s := text.NewLines(c.from, c.tooLong)
		for s.Scan() {
			if !send(s.Text(), nil) {
				return
			}
		}
		if s.Err() != nil {
			send("", s.Err())
		}
	}()
	return tp.Pipe2(tp.FromChannel(read),
		operators.Unwrap[string](),
		operators.TryMap(func(_ context.Context, line string) (int, error) { return io.WriteString(log, line+"\n") })).
		Subscribe(ctx, tp.Observer[int]{}), nil
}

func (c *copied) close() error {
	c.end()
	return c.from.Close()
}

func (*copied) counts() []count { return nil }

// site is an origin: a server of a directory, and its visitors.
type site struct {
	network.Network
	dir  string
	rate int

	server   http.Server
	visitors *http.Transport

	logged, answered atomic.Int64
}

const visitors = 8 // at a time

func (w *site) open(ctx context.Context, log io.Writer) (*tp.Subscription, error) {
	if w.dir == "" {
		w.dir = goSource(ctx)
	}
	paths, err := below(w.dir)
	if err != nil {
		return nil, err
	}
	listener, err := w.Listen()
	if err != nil {
		return nil, err
	}
	w.server.Handler = w.logging(log, http.FileServer(http.Dir(w.dir)))
	go func() { _ = w.server.Serve(listener) }() // until close

	w.visitors = &http.Transport{DialContext: w.Dial, MaxIdleConnsPerHost: visitors}
	random := rand.New(rand.NewPCG(1, 0))
	popular := rand.NewZipf(random, 1.2, 20, uint64(len(paths)-1))
	random.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	visits := tp.FromSeq(func(yield func(string) bool) {
		for {
			path := paths[popular.Uint64()]
			if random.IntN(30) == 0 {
				path += ".bak"
			}
			if !yield("http://" + listener.Addr().String() + path) {
				return
			}
		}
	})
	return tp.Pipe2(visits,
		operators.RateLimit[string](w.rate, time.Second, operators.WithBurst[string](max(1, w.rate/20))),
		operators.Parallel(visitors, w.visit)).
		Subscribe(ctx, tp.Observer[int64]{Next: func(int64) { w.answered.Add(1) }}), nil
}

// below returns the paths of all files below dir.
func below(dir string) (paths []string, err error) {
	err = fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && !strings.ContainsAny(path, " %?#\"") {
			paths = append(paths, "/"+path)
		}
		return err
	})
	if err == nil && len(paths) == 0 {
		err = fmt.Errorf("%s: no files", dir)
	}
	return paths, err
}

func goSource(ctx context.Context) string {
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		root = []byte(build.Default.GOROOT)
	}
	return filepath.Join(strings.TrimSpace(string(root)), "src")
}

// visit is the task of a visitor.
func (w *site) visit(ctx context.Context, url string) (int64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, err
	}
	response, err := w.visitors.RoundTrip(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	return io.Copy(io.Discard, response.Body)
}

// logging logs the answers of next.
func (w *site) logging(log io.Writer, next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		answer := &answer{ResponseWriter: out, status: http.StatusOK}
		next.ServeHTTP(answer, r)
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		w.logged.Add(1)
		fmt.Fprintf(log, "%s - - [%s] \"%s %s %s\" %d %d %d\n", cmp.Or(host, "-"), begun.Format("02/Jan/2006:15:04:05 -0700"),
			r.Method, r.URL.EscapedPath(), r.Proto, answer.status, answer.bytes, time.Since(begun).Microseconds())
	})
}

// answer counts the bytes of an answer.
type answer struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (a *answer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	n, err := a.ResponseWriter.Write(p)
	a.bytes += int64(n)
	return n, err
}

func (w *site) close() error {
	w.visitors.CloseIdleConnections()
	patience, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return errors.Join(w.server.Shutdown(patience), w.server.Close())
}

func (w *site) counts() []count {
	return []count{{"logged by the site", w.logged.Load()}, {"answered to visitors", w.answered.Load()}}
}
