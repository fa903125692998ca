// Command quickstart hashes every file below a directory, several at a time. Its
// parts are a walk, a window of tasks, and a stream of results in which failures are
// data.
//
//	go run ./examples/quickstart                   the source of the Go installation
//	go run ./examples/quickstart -n 8 DIR          another directory, 8 files at a time
//	go run ./examples/quickstart -o SUMS DIR       and write SUMS, for (cd DIR && sha256sum -c SUMS)
//
// It shows its progress on standard error. It prints totals by file type, the
// slowest files, and how much faster it was than one file at a time. Links and
// special files are skipped and counted. Files that can't be read are reported at
// the end, with exit status 1, and do not stop the rest.
//
// Ctrl-C stops the program gracefully: it finishes the work in flight, and reports
// how far it has come. The sums so far are then in SUMS.partial, SUMS is unchanged,
// and the exit status is 1. A second Ctrl-C ends the program at once, with exit
// status 130, and nothing is written.
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"go/build"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/examples/internal/command"
	"github.com/turbopipes/turbopipes/operators"
)

func main() { os.Exit(run(context.Background(), command.OS("quickstart"))) }

// run runs the command and returns the exit status.
func run(ctx context.Context, c *command.Command) int {
	ctx, out := c.Output(ctx)
	j, err := parse(ctx, c)
	if err == nil {
		_, err = tp.RunUntilSignal(ctx, func(ctx context.Context, stop <-chan struct{}) error {
			return j.do(ctx, stop, out, c.Stderr)
		}, c.Until()...)
	}
	return c.Exit(err)
}

// job has the arguments of a run.
type job struct {
	dir  string // absolute, without links
	n    int
	out  string // file of -o; empty: none
	hash func(ctx context.Context, f found) (sum, error)

	read    atomic.Int64 // bytes hashed so far
	buffers sync.Pool
}

func parse(ctx context.Context, c *command.Command) (*job, error) {
	j := &job{buffers: sync.Pool{New: func() any { return new([64 << 10]byte) }}}
	j.hash = j.hashFile
	flags := c.Flags("[-n N] [-o FILE] [DIR]    (default: the source of the Go installation)")
	flags.IntVar(&j.n, "n", runtime.GOMAXPROCS(0), "how many files to hash at a time")
	flags.StringVar(&j.out, "o", "", "write the sums to this `file`, for sha256sum -c")
	if err := c.Parse(1); err != nil {
		return nil, err
	}
	dir := flags.Arg(0)
	switch {
	case j.n < 1:
		return nil, c.Misused("-n %d: at least 1 file must be hashed at a time", j.n)
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

// goSource returns the directory of the source of the Go installation.
func goSource(ctx context.Context) string {
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		root = []byte(build.Default.GOROOT)
	}
	return filepath.Join(strings.TrimSpace(string(root)), "src")
}

// found is an entry that the walk has found.
type found struct {
	path string
	size int64
	skip string // why the file is not hashed; empty: it is hashed
	err  error  // the file could not be read
}

// walk returns the tree below dir as a stream, in lexical order. A file that it
// can't read is an item too, so that it does not end the stream.
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

// sum is the result of a found file.
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

// reader counts the bytes that it reads. It ends when ctx ends, even in the middle
// of a file.
type reader struct {
	ctx  context.Context //nolint:containedctx // the reader lives as long as the call that made it
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
func (j *job) do(ctx context.Context, stop <-chan struct{}, stdout, stderr io.Writer) error {
	sums, err := create(j.out)
	if err != nil {
		return err
	}
	defer sums.discard()
	files := walk(j.dir, sums.path, sums.temp, sums.partial())
	report := newReport(j)

	bar := showProgress(ctx, stderr, files, &j.read)
	start := time.Now()
	hashes := operators.ParallelResults(j.n, j.hash)(files)
	sub := hashes.Subscribe(ctx, tp.Observer[tp.Result[sum]]{Next: func(r tp.Result[sum]) {
		report.add(r)
		sums.add(j.dir, r)
		bar.done.Add(1)
	}})
	stopped := false
	select {
	case <-sub.Done():
	case <-stop:
		stopped = true
		bar.say("stopping: what is in flight is finished; Ctrl-C again ends it at once")
	}
	err = sub.Stop(ctx)
	took := time.Since(start)
	whole := bar.end(stopped)
	if err != nil {
		return err
	}
	if report.written, err = sums.commit(whole); err != nil {
		return err
	}
	err = report.print(stdout, took, whole)
	if err == nil && !stopped && j.n > 1 {
		err = j.compare(ctx, stop, files, stdout)
	}
	if err != nil && !command.Closed(err) { // the reader of the output has left: not a failure
		return err
	}
	if j.out != "" && !whole {
		err = fmt.Errorf("interrupted: %s is partial, with %d sums", printable(report.written), len(sums.lines))
	} else {
		err = nil
	}
	return errors.Join(err, report.failures(stderr))
}
