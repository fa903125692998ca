package files

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
)

// keyed gives events of the form "key<tab>value" their keys.
type keyed struct{ delivery.Source[[]byte] }

type keyedSession struct{ delivery.Session[[]byte] }

func (k keyed) Open(ctx context.Context, o delivery.SessionOptions) (delivery.Session[[]byte], error) {
	s, err := k.Source.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	return keyedSession{s}, nil
}

func (k keyedSession) Receive(ctx context.Context, emit func(delivery.Delivery[[]byte]) bool) error {
	return k.Session.Receive(ctx, func(d delivery.Delivery[[]byte]) bool {
		_, v, _ := bytes.Cut(d.Value, []byte("\t"))
		return emit(delivery.With(d, v))
	})
}

// faults makes the sessions of a source fail.
type faults struct {
	mu     sync.Mutex
	refuse bool
	fast   bool // positions are not synced
	open   []*session
	dead   map[*session]bool
}

var errRefused = errors.New("refused")

func (f *faults) hook(s *session) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open = append(f.open, s)
	s.store.replace = func(path string, perm fs.FileMode, write func(io.Writer) error) error {
		f.mu.Lock()
		refuse, dead := f.refuse, f.dead[s]
		f.mu.Unlock()
		switch {
		case dead:
			return nil
		case refuse:
			return errRefused
		case f.fast:
			return quickly(path, write)
		}
		return Replace(path, perm, write)
	}
}

// quickly is Replace without the syncs.
func quickly(path string, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	if err := os.WriteFile(path+newSuffix, b.Bytes(), 0o600); err != nil {
		return err
	}
	return os.Rename(path+newSuffix, path)
}

// crash makes all that the sessions write from now on have no effect.
func (f *faults) crash() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.open {
		f.dead[s] = true
	}
}

func keyOf(record []byte) string {
	key, _, _ := strings.Cut(string(record), "\t")
	return key
}

func suiteSource(dir, pattern string, f *faults) delivery.Source[[]byte] {
	s := Source(filepath.Join(dir, pattern), filepath.Join(dir, "position"), KeyBy(keyOf), Poll(time.Millisecond), CommitEvery(10*time.Millisecond))
	own, _ := s.(source)
	if f != nil {
		own.hook = f.hook
	}
	return keyed{own}
}

func appendTo(t testing.TB, name, text string) {
	t.Helper()
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	require.NoError(t, err)
	_, err = file.WriteString(text)
	require.NoError(t, errors.Join(err, file.Close()))
}

func textOf(events []deliverytest.Event) string {
	var b strings.Builder
	for _, e := range events {
		b.WriteString(e.Key + "\t" + string(e.Value) + "\n")
	}
	return b.String()
}

// TestDeliveries is the suite of every connector, with one file.
func TestDeliveries(t *testing.T) {
	deliverytest.Run(t, func(t *testing.T) deliverytest.Harness {
		if dir := deliverytest.Address(); dir != "" {
			return deliverytest.Harness{Source: suiteSource(dir, "lines", nil)}
		}
		dir := t.TempDir()
		name := filepath.Join(dir, "lines")
		f := &faults{dead: map[*session]bool{}}
		return deliverytest.Harness{
			Publish: func(t testing.TB, events []deliverytest.Event) { appendTo(t, name, textOf(events)) },
			Source:  suiteSource(dir, "lines", f), Ordered: true, Exclusive: true, Address: dir,
			Refuse: func(_ testing.TB, refuse bool) {
				f.mu.Lock()
				defer f.mu.Unlock()
				f.refuse = refuse
			},
			Away: func(t testing.TB, away bool) {
				from, to := name, name+".away"
				if !away {
					from, to = to, from
				}
				require.NoError(t, os.Rename(from, to))
			},
			Crash: func(testing.TB) { f.crash() },
		}
	})
}

// TestRotatedDeliveries is the suite with a file that is rotated by a rename after every
// Publish.
func TestRotatedDeliveries(t *testing.T) {
	deliverytest.Run(t, func(t *testing.T) deliverytest.Harness {
		if dir := deliverytest.Address(); dir != "" {
			return deliverytest.Harness{Source: suiteSource(dir, "lines*", nil)}
		}
		dir := t.TempDir()
		name := filepath.Join(dir, "lines")
		f := &faults{dead: map[*session]bool{}}
		n := 0
		return deliverytest.Harness{
			Publish: func(t testing.TB, events []deliverytest.Event) {
				for len(events) > 0 {
					some := events[:min(len(events), 400)]
					events = events[len(some):]
					if n++; n > 1 {
						require.NoError(t, os.Rename(name, name+time.Now().Format(".150405.000000000")))
					}
					appendTo(t, name, textOf(some))
				}
			},
			Source: suiteSource(dir, "lines*", f), Ordered: true, Address: dir, Partitions: 200,
			Crash: func(testing.TB) { f.crash() },
		}
	})
}

// TestPositionOnAFullDisk: events go on until the tail is full. Nothing is lost when
// there is room again, and OnTrouble gets the error.
func TestPositionOnAFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		name := fileWith(t, strings.Repeat("a\n", 100))
		f := &faults{dead: map[*session]bool{}}
		var troubles []Trouble
		s, _ := Source(name, name+".position", OnTrouble(func(tr Trouble) { troubles = append(troubles, tr) })).(source)
		s.hook = f.hook
		n := 0
		sub := delivery.Process(s, 1, func(context.Context, delivery.Delivery[[]byte]) error {
			if n++; n == 1 { // the file was adopted
				f.mu.Lock()
				f.refuse = true
				f.mu.Unlock()
			}
			return nil
		}, delivery.MaxUncommitted(10)).Subscribe(t.Context(), turbopipes.Observer[delivery.Receipt]{})
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 10, n)
		require.Len(t, troubles, 1, "it is told once")
		require.Equal(t, Trouble{Path: name + ".position", Err: errRefused}, troubles[0])
		f.mu.Lock()
		f.refuse = false
		f.mu.Unlock()
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 100, n)
		require.NoError(t, sub.Stop(t.Context()))
	})
}
