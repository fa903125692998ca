// Command quickstart hashes every file below a directory, several at a time: a
// walk, a window of tasks, and a stream of results whose failures are data.
//
//	go run ./examples/quickstart                   the source of the Go installation
//	go run ./examples/quickstart -n 8 DIR          another directory, 8 files at a time
//	go run ./examples/quickstart -o SUMS DIR       and write SUMS, for (cd DIR && sha256sum -c SUMS)
//
// It shows its progress on standard error, and prints totals by file type, the
// slowest files, and how much faster this was than one file at a time. Links and
// special files are skipped and counted. What can't be read is reported at the
// end, with exit status 1, and does not stop the rest.
//
// Ctrl-C stops it gracefully: what is in flight is finished and written, and the
// report tells how far it came. A second Ctrl-C ends it at once, with exit
// status 130 and nothing written.
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"go/build"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

func main() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	signal.Ignore(syscall.SIGPIPE) // a closed pipe is an error of the write, so that nothing half-written is left
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr, signals))
}

// run is the command, up to its exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, signals <-chan os.Signal) int {
	j, err := parse(ctx, args, stderr)
	if err == nil {
		err = j.do(ctx, stdout, stderr, signals)
	}
	return status(err, stderr)
}

// status reports err and gives the exit status.
func status(err error, stderr io.Writer) int {
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	fmt.Fprintln(stderr, "quickstart:", err)
	if errors.Is(err, errKilled) {
		return 130
	}
	return 1
}

// job is what there is to do.
type job struct {
	dir  string // absolute, without links
	n    int
	out  string // of -o; empty: none
	hash func(ctx context.Context, f found) (sum, error)

	read    atomic.Int64 // bytes hashed so far
	buffers sync.Pool
}

func parse(ctx context.Context, args []string, stderr io.Writer) (*job, error) {
	j := &job{buffers: sync.Pool{New: func() any { return new([64 << 10]byte) }}}
	j.hash = j.hashFile
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&j.n, "n", runtime.GOMAXPROCS(0), "how many files to hash at a time")
	flags.StringVar(&j.out, "o", "", "write the sums to this `file`, for sha256sum -c")
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: quickstart [-n N] [-o FILE] [DIR]    (default: the source of the Go installation)")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	dir := flags.Arg(0)
	switch {
	case j.n < 1:
		return nil, fmt.Errorf("-n %d: at least 1 file must be hashed at a time", j.n)
	case flags.NArg() > 1:
		return nil, fmt.Errorf("one directory at most, not %d: %q", flags.NArg(), flags.Args())
	case flags.NArg() == 0:
		dir = goSource(ctx)
	}
	var err error
	if j.dir, err = filepath.EvalSymlinks(dir); err == nil {
		j.dir, err = filepath.Abs(j.dir)
	}
	if err != nil {
		return nil, fmt.Errorf("directory %s: %w", printable(dir), reason(err))
	}
	if info, err := os.Stat(j.dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("%s is not a directory", printable(dir))
	}
	return j, nil
}

// goSource is where the source of the Go installation at hand is.
func goSource(ctx context.Context) string {
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		root = []byte(build.Default.GOROOT)
	}
	return filepath.Join(strings.TrimSpace(string(root)), "src")
}

// found is what the walk comes upon.
type found struct {
	path string
	size int64
	skip string // why it is not hashed; empty: it is
	err  error  // it could not be read
}

// walk is the tree below dir as a stream, in lexical order. What it can't read
// is an item too, so that it does not end the stream.
func walk(dir string, except ...string) tp.Observable[found] {
	return tp.Create(func(ctx context.Context, emit func(found) bool) error {
		return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			f := found{path: path, err: err}
			switch {
			case ctx.Err() != nil:
				return context.Cause(ctx)
			case err != nil:
			case entry.IsDir():
				return nil
			case slices.Contains(except, path):
				f.skip = "output"
			case entry.Type()&fs.ModeSymlink != 0:
				f.skip = "link"
			case !entry.Type().IsRegular():
				f.skip = "special"
			default:
				var info fs.FileInfo
				if info, f.err = entry.Info(); f.err == nil {
					f.size = info.Size()
				}
			}
			if !emit(f) {
				return fs.SkipAll
			}
			return nil
		})
	})
}

// sum is what became of a found file.
type sum struct {
	found
	digest [sha256.Size]byte
	took   time.Duration
}

// hashFile is the task.
func (j *job) hashFile(ctx context.Context, f found) (sum, error) {
	s := sum{found: f}
	if f.err != nil || f.skip != "" {
		return s, f.err
	}
	start := time.Now()
	file, err := os.Open(f.path)
	if err != nil {
		return s, err
	}
	defer file.Close()
	buffer := j.buffers.Get().(*[64 << 10]byte)
	defer j.buffers.Put(buffer)
	hash := sha256.New()
	s.size, err = io.CopyBuffer(hash, reader{ctx, file, &j.read}, buffer[:])
	hash.Sum(s.digest[:0])
	s.took = time.Since(start)
	return s, err
}

// reader counts what is read, and ends with ctx, also in the midst of a file.
type reader struct {
	ctx  context.Context //nolint:containedctx // it lives as long as the call that made it
	from io.Reader
	read *atomic.Int64
}

func (r reader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	n, err := r.from.Read(p)
	r.read.Add(int64(n))
	return n, err
}

// do hashes, reports and compares.
func (j *job) do(ctx context.Context, stdout, stderr io.Writer, signals <-chan os.Signal) error {
	sums, err := create(j.out)
	if err != nil {
		return err
	}
	defer sums.discard()
	files := walk(j.dir, sums.path, sums.temp)
	report := newReport(j)

	bar := showProgress(ctx, stderr, files, &j.read)
	start := time.Now()
	hashes := operators.ParallelResults(j.n, j.hash)(files)
	sub := hashes.Subscribe(ctx, tp.Observer[tp.Result[sum]]{Next: func(r tp.Result[sum]) {
		report.add(r)
		sums.add(j.dir, r)
		bar.done.Add(1)
	}})
	stopped, err := finish(sub, signals, func() {
		bar.say("stopping: what is in flight is finished; Ctrl-C again ends it at once")
	})
	took := time.Since(start)
	whole := bar.end(stopped)
	if err != nil {
		return err
	}
	if err := sums.commit(); err != nil {
		return err
	}
	if err := report.print(stdout, took, whole); err != nil {
		return err
	}
	if !stopped && j.n > 1 {
		if err := j.compare(ctx, files, stdout, signals); err != nil {
			return err
		}
	}
	return report.failures(stderr)
}

var errKilled = errors.New("interrupted")

// bounce is how soon a second signal is still the first: timeout(1) sends one to
// the process and one to its group.
const bounce = 50 * time.Millisecond

// finish waits until sub has ended. The first signal stops it gracefully, the
// second one at once; either way, nothing of it runs when finish returns.
func finish(sub *tp.Subscription, signals <-chan os.Signal, onStop func()) (stopped bool, err error) {
	select {
	case <-sub.Done():
		return false, sub.Err()
	case <-signals:
	}
	first := time.Now()
	onStop()
	patience, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	again := tp.FromChannel(signals).Subscribe(patience, tp.Observer[os.Signal]{Next: func(os.Signal) {
		if time.Since(first) > bounce {
			cancel(errKilled)
		}
	}})
	defer again.Dispose()
	return true, sub.Stop(patience)
}
