package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/destel/rill"
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"golang.org/x/sync/errgroup"
)

var hashing = workload{
	id: "W11", title: "the quickstart's job: the SHA-256 of each file of a source tree",
	about: `The tree is that of the Go installation, whose files are in the system's cache by then. A walk finds the
files. They are hashed GOMAXPROCS at a time, each by the same function, and one goroutine gets the sums. The
limit hashes the same bytes, which are in memory already, with a goroutine for each processor.`,
	cells: func(s scale) []cell {
		dir := filepath.Join(goRoot(), "src")
		if s != fullScale {
			dir = filepath.Join(dir, "sort")
		}
		return []cell{hashTree(dir)}
	},
}

// goRoot asks the go command, because a trimmed program does not know its GOROOT.
func goRoot() string {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	must(err)
	return strings.TrimSpace(string(root))
}

func hashTree(dir string) cell {
	var files [][]byte
	var want tally
	size := 0
	must(walk(dir, func(path string) bool {
		content, err := os.ReadFile(path)
		must(err)
		files = append(files, content)
		want.count++
		want.sum += checksum(sha256.Sum256(content))
		size += len(content)
		return true
	}))
	n := runtime.GOMAXPROCS(0)
	return cell{
		name:   fmt.Sprintf("%d files, %d MB, n = %d", len(files), size/1_000_000, n),
		layout: efficiency, per: 1, unit: time.Millisecond, unitName: "ms", want: want,
		contenders: []contender{
			{"split loop, in memory", limit, anyBound, func(t *trial) { hashInMemory(t, files) }},
			{"turbopipes Parallel", ours, anyBound, func(t *trial) { hashTurbopipes(t, n, dir) }},
			{"errgroup and a channel", peer, anyBound, func(t *trial) { hashErrgroup(t, n, dir) }},
			{"rill Map", peer, anyBound, func(t *trial) { hashRill(t, n, dir) }},
			{"a loop: one at a time", peer, anyBound, func(t *trial) { hashLoop(t, dir) }},
		},
	}
}

// checksum returns the part of a digest that is added up.
func checksum(digest [sha256.Size]byte) int { return int(binary.LittleEndian.Uint64(digest[:])) }

// walk emits the regular files below dir, until emit returns false.
func walk(dir string, emit func(path string) bool) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && !emit(path) {
			return fs.SkipAll
		}
		return err
	})
}

var readBuffers = sync.Pool{New: func() any { return new([64 << 10]byte) }}

// hashFile is the task.
func hashFile(path string) (int, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	buffer := readBuffers.Get().(*[64 << 10]byte)
	defer readBuffers.Put(buffer)
	hash := sha256.New()
	if _, err := io.CopyBuffer(hash, struct{ io.Reader }{file}, buffer[:]); err != nil {
		return 0, err
	}
	var digest [sha256.Size]byte
	hash.Sum(digest[:0])
	return checksum(digest), nil
}

func hashInMemory(t *trial, files [][]byte) {
	var mu sync.Mutex
	var all sync.WaitGroup
	var next atomic.Int64
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			var own tally
			for i := int(next.Add(1)) - 1; i < len(files); i = int(next.Add(1)) - 1 {
				own.count++
				own.sum += checksum(sha256.Sum256(files[i]))
			}
			mu.Lock()
			t.join(own)
			mu.Unlock()
		})
	}
	all.Wait()
}

func hashTurbopipes(t *trial, n int, dir string) {
	files := turbopipes.Create(func(_ context.Context, emit func(string) bool) error { return walk(dir, emit) })
	sums := operators.ParallelResults(n, func(_ context.Context, path string) (int, error) { return hashFile(path) })
	must(sums(files).Each(background, func(r turbopipes.Result[int]) error {
		t.add(r.Value)
		return r.Err
	}))
}

func hashErrgroup(t *trial, n int, dir string) {
	sums := make(chan int)
	var g errgroup.Group
	g.SetLimit(n)
	walked := make(chan error, 1)
	go func() {
		defer close(sums)
		walked <- walk(dir, func(path string) bool {
			g.Go(func() error {
				sum, err := hashFile(path)
				if err == nil {
					sums <- sum
				}
				return err
			})
			return true
		})
		_ = g.Wait() // the error is checked below
	}()
	for sum := range sums {
		t.add(sum)
	}
	must(g.Wait())
	must(<-walked)
}

func hashRill(t *trial, n int, dir string) {
	files := rill.Generate(func(send func(string), sendErr func(error)) {
		if err := walk(dir, func(path string) bool { send(path); return true }); err != nil {
			sendErr(err)
		}
	})
	must(rill.ForEach(rill.Map(files, n, hashFile), 1, func(sum int) error { t.add(sum); return nil }))
}

func hashLoop(t *trial, dir string) {
	must(walk(dir, func(path string) bool {
		sum, err := hashFile(path)
		must(err)
		t.add(sum)
		return true
	}))
}
