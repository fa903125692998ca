package deliverytest_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
)

// fileLog is the smallest log that other processes can read: lines in a file, and the
// position, which is a number of lines, in another one. The position is replaced by a
// rename.
type fileLog struct{ dir string }

func (f fileLog) lines() string    { return filepath.Join(f.dir, "lines") }
func (f fileLog) position() string { return filepath.Join(f.dir, "position") }

type fileSession struct {
	fileLog
	tenure     *delivery.Tenure[string, int]
	from       int
	committing *delivery.Committing[string]
}

func (f fileLog) Open(_ context.Context, o delivery.SessionOptions) (delivery.Session[[]byte], error) {
	s := &fileSession{fileLog: f}
	at, err := os.ReadFile(f.position())
	if err == nil {
		s.from, err = strconv.Atoi(string(at))
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	t := delivery.NewTracker[string, int](max(1, o.MaxUncommitted))
	s.tenure = t.Assign(f.dir)
	s.committing = delivery.Committer(t, 10*time.Millisecond, 0, s.commit)
	return s, nil
}

func (s *fileSession) commit(_ context.Context, cs []delivery.Commit[string, int]) error {
	fresh := s.position() + ".new"
	if err := os.WriteFile(fresh, []byte(strconv.Itoa(cs[0].Next)), 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, s.position())
}

func (s *fileSession) Receive(ctx context.Context, emit func(delivery.Delivery[[]byte]) bool) error {
	file, err := os.Open(s.lines())
	if err != nil {
		return err
	}
	defer file.Close()
	r := bufio.NewReader(file)
	var line []byte
	for n := 0; ctx.Err() == nil; {
		more, err := r.ReadBytes('\n')
		line = append(line, more...)
		switch {
		case errors.Is(err, io.EOF):
			select {
			case <-time.After(time.Millisecond):
			case <-ctx.Done():
			}
			continue
		case err != nil:
			return err
		}
		if n++; n > s.from {
			token, ok := s.tenure.Wait(ctx, n)
			key, value, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), "\t")
			if !ok || !emit(delivery.New([]byte(value), key, s, token)) {
				return nil
			}
		}
		line = nil
	}
	return nil
}

func (s *fileSession) Close(ctx context.Context, _ delivery.End) error {
	s.committing.Close()
	err := s.committing.CommitNow(ctx)
	s.tenure.End()
	return err
}

func (s *fileSession) Settle(token uint64, err error) {
	if err == nil {
		s.tenure.Done(token)
	}
}

func (s *fileSession) Info(token uint64) delivery.Info {
	return delivery.Info{Source: s.dir, Position: strconv.Itoa(s.from + int(token))} //nolint:gosec // it is a count
}

func (s *fileSession) Context() context.Context { return s.tenure.Context() }

// TestFile runs the suite with a broker that other processes can reach, so that they
// are killed.
func TestFile(t *testing.T) {
	deliverytest.Run(t, func(t *testing.T) deliverytest.Harness {
		if dir := deliverytest.Address(); dir != "" {
			return deliverytest.Harness{Source: fileLog{dir}}
		}
		f := fileLog{t.TempDir()}
		require.NoError(t, os.WriteFile(f.lines(), nil, 0o600))
		return deliverytest.Harness{
			Publish: func(t testing.TB, events []deliverytest.Event) {
				var b bytes.Buffer
				for _, e := range events {
					b.WriteString(e.Key + "\t" + string(e.Value) + "\n")
				}
				file, err := os.OpenFile(f.lines(), os.O_WRONLY|os.O_APPEND, 0)
				require.NoError(t, err)
				_, err = file.Write(b.Bytes())
				require.NoError(t, errors.Join(err, file.Close()))
			},
			Source: f, Ordered: true, Address: f.dir,
		}
	})
}
