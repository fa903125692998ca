package operators_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

// texts turns strings into bytes, and back.
var texts = turbopipes.Codec[string]{
	Encode: func(v string) ([]byte, error) { return []byte(v), nil },
	Decode: func(b []byte) (string, error) { return string(b), nil },
}

// requireEmpty checks that nothing is left in dir.
func requireEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestSpillToDisk(t *testing.T) {
	tptest.Doc(t, "spill_to_disk.go", "SpillToDisk", operators.SpillToDisk(t.TempDir(), 1, texts), tptest.Busy(5*tptest.Step))
	dir := t.TempDir()
	busy := tptest.Busy(5 * tptest.Step)
	for mem := 1; mem < 4; mem++ {
		spill := operators.SpillToDisk(dir, mem, texts)
		for name, c := range map[string]struct{ in, out string }{
			"a downstream that waits": {"a-----b|", "a-----b----|"},
			"a slow one":              {"abcd|", "a----b----c----d----|"},
			"it catches up":           {"abc------------d--efg|", "a----b----c----d----e----f----g----|"},
			"empty":                   {"--|", "--|"},
			"never":                   {"---", "---"},
			"an error at first":       {"#", "#"},
		} {
			t.Run(fmt.Sprint(name, ", ", mem), func(t *testing.T) { tptest.Marbles(t, c.in, spill, c.out, busy) })
		}
		// Once: it stays the first failure, though ctx ends while downstream works.
		tptest.Marbles(t, "abcd#", spill, "a----b----c----d----#", busy, tptest.Once())
	}
	requireEmpty(t, dir)
	requireInvalid(t, operators.SpillToDisk(dir, 0, decimals), "SpillToDisk: n is 0, want at least 1")
	requireInvalid(t, operators.SpillToDisk(dir, 1, turbopipes.Codec[int]{Decode: decimals.Decode}), "SpillToDisk: c.Encode is nil")
	requireInvalid(t, operators.SpillToDisk(dir, 1, turbopipes.Codec[int]{Encode: decimals.Encode}), "SpillToDisk: c.Decode is nil")
	requireInvalid(t, operators.SpillToDisk(dir, 1, decimals, operators.WithMaxBytes[int](0)), "SpillToDisk: WithMaxBytes: n is 0, want at least 1")
	requireInvalid(t, operators.SpillToDisk(dir, 1, decimals, nil), "SpillToDisk: option 1 is nil")
}

// Items go through the disk only when memory is full, and do so until the disk is
// empty.
func TestSpillToDiskPrefersMemory(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var encoded, decoded []int
		codec := turbopipes.Codec[int]{
			Encode: func(v int) ([]byte, error) { encoded = append(encoded, v); return []byte{byte(v)}, nil },
			Decode: func(b []byte) (int, error) { decoded = append(decoded, int(b[0])); return int(b[0]), nil },
		}
		src := operators.Concat(operators.Map(func(v int) int { return v + 20 })(paced(9, time.Minute)))(paced(10, time.Millisecond))
		got, err := slowly(t, operators.SpillToDisk(t.TempDir(), 3, codec)(src), time.Second)
		require.NoError(t, err)
		require.Len(t, got, 19)
		require.Equal(t, []int{4, 5, 6, 7, 8, 9, 20}, encoded, "0 is delivered, 1 to 3 in memory")
		require.Equal(t, encoded, decoded)
	})
}

// sized is a number, padded with so many bytes.
type sized struct{ n, pad int }

var sizes = turbopipes.Codec[sized]{
	Encode: func(v sized) ([]byte, error) {
		return append(strconv.AppendInt(nil, int64(v.n), 10), bytes.Repeat([]byte{' '}, v.pad)...), nil
	},
	Decode: func(b []byte) (sized, error) {
		n, err := strconv.Atoi(strings.TrimRight(string(b), " "))
		return sized{n, len(b) - len(strconv.Itoa(n))}, err
	},
}

// onDisk returns the number of bytes and of files in dir.
func onDisk(t *testing.T, dir string) (size int64, files int) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		size += info.Size()
		files++
		return nil
	}))
	return size, files
}

// TestSpillToDiskLosesNothing checks that the delivered items, followed by the items that
// are left, are all items, once and in order, for every pace, size and end. The use of
// the disk is bounded meanwhile, and the disk is empty afterwards.
func TestSpillToDiskLosesNothing(t *testing.T) {
	dir := t.TempDir()
	for seed := range uint64(200) {
		synctest.Test(t, func(t *testing.T) { spilled(t, dir, rand.New(rand.NewPCG(seed, 4))) })
		if t.Failed() {
			t.Fatal("seed", seed)
		}
	}
}

func spilled(t *testing.T, dir string, random *rand.Rand) {
	t.Helper()
	items, gap, work := random.IntN(200), time.Duration(random.IntN(3))*time.Millisecond, time.Duration(random.IntN(6))*time.Millisecond
	how := []string{"completes", "fails", "panics", "is left", "is disposed of", "is stopped", "has a consumer that panics"}[random.IntN(7)]
	at := random.IntN(150) + 1
	most := []int64{0, 1, 3000, 10_000, 40_000}[random.IntN(5)]
	var all []int
	in, out := 0, 0
	var largest atomic.Int64
	opts := []operators.SpillToDiskOption[sized]{operators.OnDrop(func(v sized) { all = append(all, v.n) })}
	if most > 0 {
		opts = append(opts, operators.WithMaxBytes[sized](most))
	}
	src := turbopipes.Create(func(ctx context.Context, emit func(sized) bool) error {
		for i := range items {
			time.Sleep(gap)
			pad := random.IntN(1200)
			largest.Store(max(largest.Load(), int64(pad)))
			if ctx.Err() != nil {
				return nil
			}
			in++
			if !emit(sized{i, pad}) {
				return nil
			}
		}
		switch how {
		case "fails":
			return errBoom
		case "panics":
			panic(errBoom)
		}
		return nil
	})
	o := operators.SpillToDisk(dir, random.IntN(5)+1, sizes, opts...)(src)
	if how == "is left" {
		o = operators.Take[sized](at)(o)
	}
	s := o.Subscribe(t.Context(), turbopipes.Observer[sized]{Next: func(v sized) {
		out++
		all = append(all, v.n)
		time.Sleep(work)
		synctest.Wait() // upstream has written, and holds still
		size, files := onDisk(t, dir)
		if most > 0 {
			require.LessOrEqual(t, size, max(most, largest.Load()+20))
		}
		require.LessOrEqual(t, files, 12)
		if how == "has a consumer that panics" && out == at {
			panic(errBoom)
		}
	}})
	time.Sleep(time.Duration(at)*time.Millisecond + time.Microsecond)
	switch how {
	case "is disposed of":
		s.Dispose()
	case "is stopped":
		_ = s.Stop(t.Context())
	}
	err := s.Wait()
	requireEmpty(t, dir)
	if how == "fails" || how == "panics" || how == "has a consumer that panics" && out == at {
		require.ErrorIs(t, err, errBoom)
	} else {
		require.NoError(t, err)
	}
	require.Len(t, all, in, how)
	for i, v := range all {
		require.Equal(t, i, v, how)
	}
	require.Equal(t, turbopipes.Stats{Delivered: int64(out), Discarded: int64(in - out)}, s.Stats())
}

// In real time, both sides run as fast as they can: many segments are made and
// removed.
func TestSpillToDiskAtFullSpeed(t *testing.T) {
	dir := t.TempDir()
	next := 0
	padded := operators.Map(func(v int) sized { return sized{v, v % 97} })(turbopipes.Range(0, 20_000))
	err := operators.SpillToDisk(dir, 8, sizes, operators.WithMaxBytes[sized](20_000))(padded).Each(t.Context(), func(v sized) error {
		require.Equal(t, sized{next, next % 97}, v)
		next++
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, 20_000, next)
	requireEmpty(t, dir)
}

// An item that can't be encoded or written ends the stream after the items that wait. An
// item that can't be read ends it at once. All items are counted, and the disk is empty
// afterwards.
func TestSpillToDiskFails(t *testing.T) {
	encode := func(at int, how func() error) turbopipes.Codec[int] {
		return turbopipes.Codec[int]{Encode: func(v int) ([]byte, error) {
			if v == at {
				return nil, how()
			}
			return decimals.Encode(v)
		}, Decode: decimals.Decode}
	}
	decode := func(at int, how func() error) turbopipes.Codec[int] {
		return turbopipes.Codec[int]{Encode: decimals.Encode, Decode: func(b []byte) (int, error) {
			if v, _ := decimals.Decode(b); v == at {
				return 0, how()
			}
			return decimals.Decode(b)
		}}
	}
	fails := func() error { return errBoom }
	panics := func() error { panic(errBoom) }
	for name, c := range map[string]struct {
		codec         turbopipes.Codec[int]
		got           []int
		dropped, left []int
		lost          int64 // left, and not reported
		text          string
	}{
		"encode fails":            {encode(4, fails), []int{0, 1, 2, 3}, []int{4}, nil, 0, "turbopipes: SpillToDisk: encode: boom"},
		"encode fails at first":   {encode(2, fails), []int{0, 1}, []int{2}, nil, 0, "turbopipes: SpillToDisk: encode: boom"},
		"encode panics":           {encode(4, panics), []int{0, 1, 2, 3}, []int{4}, nil, 0, "turbopipes: panic: boom"},
		"decode fails":            {decode(4, fails), []int{0, 1, 2, 3}, nil, []int{5, 6, 7}, 1, "turbopipes: SpillToDisk: decode: boom"},
		"decode panics":           {decode(4, panics), []int{0, 1, 2, 3}, nil, []int{5, 6, 7}, 1, "turbopipes: panic: boom"},
		"decode fails at the end": {decode(7, fails), []int{0, 1, 2, 3, 4, 5, 6}, nil, nil, 1, "turbopipes: SpillToDisk: decode: boom"},
	} {
		bubble(t, name, func(t *testing.T) {
			dir := t.TempDir()
			var got, told []int
			s := operators.SpillToDisk(dir, 1, c.codec, operators.OnDrop(func(v int) { told = append(told, v) }))(paced(8, time.Second)).
				Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(v int) { got = append(got, v); time.Sleep(time.Minute) }})
			err := s.Wait()
			require.ErrorIs(t, err, errBoom)
			require.EqualError(t, err, c.text)
			require.Equal(t, c.got, got)
			require.Equal(t, slices.Concat(c.dropped, c.left), told)
			require.Equal(t, turbopipes.Stats{Delivered: int64(len(got)), Dropped: int64(len(c.dropped)), Discarded: int64(len(c.left)) + c.lost}, s.Stats())
			requireEmpty(t, dir)
		})
	}
}

// Items left on disk are reported if they can be read. An error while reading them does
// not prevent the removal of the files.
func TestSpillToDiskTellsWhatIsLeft(t *testing.T) {
	odd := turbopipes.Codec[int]{Encode: decimals.Encode, Decode: func(b []byte) (int, error) {
		v, err := decimals.Decode(b)
		if v == 4 {
			panic(errBoom)
		}
		if v%2 == 1 {
			return 0, fmt.Errorf("odd: %d", v)
		}
		return v, err
	}}
	bubble(t, "", func(t *testing.T) {
		dir := t.TempDir()
		var told []int
		hook := operators.OnDrop(func(v int) { told = append(told, v) })
		s := operators.SpillToDisk(dir, 1, odd, hook)(paced(9, time.Millisecond)).
			Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(int) { time.Sleep(time.Hour) }})
		time.Sleep(time.Second)
		s.Dispose()
		require.EqualError(t, s.Err(), "turbopipes: SpillToDisk: decode: odd: 3", "the first of them")
		require.Equal(t, []int{1, 2, 6, 8}, told)
		require.Equal(t, turbopipes.Stats{Delivered: 1, Discarded: 8}, s.Stats())
		requireEmpty(t, dir)
	})
	bubble(t, "without a hook nothing is read", func(t *testing.T) {
		dir := t.TempDir()
		s := operators.SpillToDisk(dir, 1, odd)(paced(9, time.Millisecond)).
			Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(int) { time.Sleep(time.Hour) }})
		time.Sleep(time.Second)
		s.Dispose()
		require.NoError(t, s.Err())
		require.EqualValues(t, 8, s.Stats().Discarded)
		requireEmpty(t, dir)
	})
	bubble(t, "the hook panics", func(t *testing.T) {
		dir := t.TempDir()
		told := 0
		hook := operators.OnDrop(func(int) { told++; panic(errBoom) })
		s := operators.SpillToDisk(dir, 1, decimals, hook)(paced(9, time.Millisecond)).
			Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(int) { time.Sleep(time.Hour) }})
		time.Sleep(time.Second)
		s.Dispose()
		require.ErrorIs(t, s.Err(), errBoom)
		require.Equal(t, 8, told)
		require.EqualValues(t, 8, s.Stats().Discarded)
		requireEmpty(t, dir)
	})
}

// The directory may be gone.
func TestSpillToDiskDirectory(t *testing.T) {
	t.Run("it is not there", func(t *testing.T) {
		src := turbopipes.Create(func(context.Context, func(int) bool) error {
			t.Error("subscribed")
			return nil
		})
		err := operators.SpillToDisk(filepath.Join(t.TempDir(), "none"), 1, decimals)(src).Drain(t.Context())
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.ErrorContains(t, err, "turbopipes: SpillToDisk: create: ")
	})
	remove := func(t *testing.T, dir string) {
		t.Helper()
		all, err := filepath.Glob(filepath.Join(dir, "*"))
		require.NoError(t, err)
		require.Len(t, all, 1)
		require.NoError(t, os.RemoveAll(all[0]))
	}
	bubble(t, "it vanishes before it is written to", func(t *testing.T) {
		dir := t.TempDir()
		var got []int
		s := operators.SpillToDisk(dir, 2, decimals)(paced(9, time.Second)).Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(v int) {
			if got = append(got, v); v == 0 {
				remove(t, dir)
			}
			time.Sleep(time.Minute)
		}})
		err := s.Wait()
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.ErrorContains(t, err, "turbopipes: SpillToDisk: write: ")
		require.Equal(t, []int{0, 1, 2}, got, "what waited is delivered")
		require.Equal(t, turbopipes.Stats{Delivered: 3, Dropped: 1}, s.Stats())
		requireEmpty(t, dir)
	})
	bubble(t, "it vanishes before it is read", func(t *testing.T) {
		dir := t.TempDir()
		var got, told []int
		s := operators.SpillToDisk(dir, 2, decimals, operators.OnDrop(func(v int) { told = append(told, v) }))(paced(9, time.Second)).
			Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(v int) {
				time.Sleep(time.Minute)
				if got = append(got, v); v == 0 {
					remove(t, dir)
				}
			}})
		err := s.Wait()
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.ErrorContains(t, err, "turbopipes: SpillToDisk: read: ")
		require.Equal(t, []int{0, 1, 2}, got)
		require.Empty(t, told, "nobody knows what it was")
		require.Equal(t, turbopipes.Stats{Delivered: 3, Discarded: 6}, s.Stats())
		requireEmpty(t, dir)
	})
	bubble(t, "what is in it is damaged", func(t *testing.T) {
		dir := t.TempDir()
		s := operators.SpillToDisk(dir, 2, decimals)(paced(9, time.Second)).Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(v int) {
			time.Sleep(time.Minute)
			all, err := filepath.Glob(filepath.Join(dir, "*", "0*"))
			require.NoError(t, err)
			require.Len(t, all, 1)
			record, err := os.ReadFile(all[0])
			require.NoError(t, err)
			record[len(record)-1]++
			require.NoError(t, os.WriteFile(all[0], record, 0o600))
		}})
		require.EqualError(t, s.Wait(), "turbopipes: SpillToDisk: read: the file is damaged")
		require.Equal(t, turbopipes.Stats{Delivered: 8, Discarded: 1}, s.Stats())
		requireEmpty(t, dir)
	})
}

// An item that is larger than WithMaxBytes goes through all the same.
func TestSpillToDiskLargeItems(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		large := operators.Map(func(v int) sized { return sized{v, 300_000} })(paced(6, time.Millisecond))
		var written atomic.Int64
		src := operators.Do(operators.Hooks[sized]{Next: func(sized) { written.Add(1) }})(large)
		var ahead []int
		err := operators.SpillToDisk(t.TempDir(), 1, sizes, operators.WithMaxBytes[sized](1000))(src).Each(t.Context(), func(v sized) error {
			require.Equal(t, 300_000, v.pad)
			time.Sleep(time.Second)
			ahead = append(ahead, int(written.Load())-v.n)
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, []int{4, 3, 4, 3, 2, 1}, ahead, "one in memory, one on disk, one in hand")
	})
}

func ExampleSpillToDisk() {
	lines := turbopipes.Just("one", "two", "three") // must be taken off the wire at once
	spilled := operators.SpillToDisk("", 1000, turbopipes.Codec[string]{
		Encode: func(s string) ([]byte, error) { return []byte(s), nil },
		Decode: func(b []byte) (string, error) { return string(b), nil },
	}, operators.WithMaxBytes[string](1<<30))(lines)
	err := spilled.Each(context.Background(), func(line string) error {
		_, err := fmt.Println(line)
		return err
	})
	fmt.Println(err)
	// Output:
	// one
	// two
	// three
	// <nil>
}

func BenchmarkSpillToDisk(b *testing.B) {
	b.Run("in memory", func(b *testing.B) { benchmark(b, operators.SpillToDisk(b.TempDir(), 1<<20, decimals)) })
	b.Run("on disk", func(b *testing.B) { // all but the first items
		dir := b.TempDir()
		const items = 1 << 14
		errAll := errors.New("all")
		b.ReportAllocs()
		for b.Loop() {
			written := make(chan struct{})
			src := operators.Finally[int](func() { close(written) })(turbopipes.Range(0, items))
			n := 0
			_ = operators.SpillToDisk(dir, 1, decimals)(src).Each(b.Context(), func(int) error {
				if n++; n == 1 {
					<-written
				}
				if n == items {
					return errAll
				}
				return nil
			})
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/items, "ns/item")
	})
}
