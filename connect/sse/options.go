package sse

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/turbopipes/turbopipes/internal/opt"
)

// Option is an option of [Events] and [Source].
type Option interface {
	opt.Option[settings]
	interface{ events() }
}

// SourceOption is an option of [Source].
type SourceOption interface {
	opt.Option[settings]
	interface{ source() }
}

// Setting is an option of [Events] and [Source].
type Setting struct {
	opt.Func[settings]
	forEvents
	forSource
}

// SourceSetting is an option of [Source] only.
type SourceSetting struct {
	opt.Func[settings]
	forSource
}

type (
	forEvents struct{}
	forSource struct{}
)

func (forEvents) events() {}
func (forSource) source() {}

var (
	_ = forEvents.events // only through embedding
	_ = forSource.source
)

// Store keeps the id of the last event that is done. files.Position is one.
type Store interface {
	// Load returns an empty id where none was saved.
	Load(ctx context.Context) (id string, err error)
	Save(ctx context.Context, id string) error
}

type settings struct {
	client  *http.Client
	prepare func(*http.Request) error
	first   time.Duration
	longest time.Duration
	idle    time.Duration // 0: none
	giveUp  int           // 0: never
	most    int
	lastID  string
	store   Store
	key     func(Event) string
	commit  time.Duration
	trouble func(error)
}

func defaults() settings {
	return settings{
		client: http.DefaultClient, prepare: func(*http.Request) error { return nil },
		first: time.Second, longest: time.Minute, most: 1 << 20,
		key: func(Event) string { return "" }, commit: time.Second,
		trouble: func(err error) { slog.Warn("sse: trouble with an event stream", "error", err) },
	}
}

// Client sets the client, in place of http.DefaultClient. A nil client, and one with a
// Timeout, which would end the stream, are an ErrInvalidArgument.
func Client(client *http.Client) Setting {
	return Setting{Func: func(s *settings) string {
		s.client = client
		if client != nil && client.Timeout != 0 {
			return fmt.Sprintf("Client: its Timeout is %v, want 0, since it would end the stream", client.Timeout)
		}
		return opt.NotNil("Client", "client", client == nil)
	}}
}

// Prepare calls fn with the request of each connection, to set headers such as a token.
// An error of fn ends the stream. A nil fn is an ErrInvalidArgument.
func Prepare(fn func(*http.Request) error) Setting {
	return Setting{Func: func(s *settings) string {
		s.prepare = fn
		return opt.NotNil("Prepare", "fn", fn == nil)
	}}
}

// Reconnect sets the waits before a connection is made again. The first wait is that
// which the server has sent in a retry field, or else first. Each failure doubles it, up
// to longest. Up to half of each wait is added at random. The defaults are 1 s and 1 min.
// A first ≤ 0, or more than longest, is an ErrInvalidArgument.
func Reconnect(first, longest time.Duration) Setting {
	return Setting{Func: func(s *settings) string {
		s.first, s.longest = first, longest
		if longest < first {
			return fmt.Sprintf("Reconnect: longest is %v, want at least first, %v", longest, first)
		}
		return opt.Positive("Reconnect", "first", first)
	}}
}

// GiveUp fails the stream with the last error when n connections in a row have brought
// nothing. Without it, the server is tried for ever. n < 1 is an ErrInvalidArgument.
func GiveUp(n int) Setting {
	return Setting{Func: func(s *settings) string {
		s.giveUp = n
		return opt.AtLeast("GiveUp", "n", n, 1)
	}}
}

// IdleTimeout makes the connection anew when nothing has come for the time d, no comment
// either. Set it to some heartbeats of the server. Without it, only TCP notices that a
// server is gone. d ≤ 0 is an ErrInvalidArgument.
func IdleTimeout(d time.Duration) Setting {
	return Setting{Func: func(s *settings) string {
		s.idle = d
		return opt.Positive("IdleTimeout", "d", d)
	}}
}

// OnTrouble calls fn with the error of each connection that has failed, and of each id
// that could not be saved; both are tried again. A connection that has brought something
// and ends is no trouble. fn may run on two goroutines at once. The default writes to
// package slog. A nil fn is an ErrInvalidArgument.
func OnTrouble(fn func(error)) Setting {
	return Setting{Func: func(s *settings) string {
		s.trouble = fn
		return opt.NotNil("OnTrouble", "fn", fn == nil)
	}}
}

// MaxEvent bounds the bytes of an event. The default is 1 MiB. A longer event fails the
// stream with an [ErrTooLong]. n < 1 is an ErrInvalidArgument.
func MaxEvent(n int) Setting {
	return Setting{Func: func(s *settings) string {
		s.most = n
		return opt.AtLeast("MaxEvent", "n", n, 1)
	}}
}

// LastEventID begins after the event with that id. Of a [Source] whose store has an id,
// that one counts.
func LastEventID(id string) Setting {
	return Setting{Func: func(s *settings) string { s.lastID = id; return "" }}
}

// Resume keeps the id of the last event that is done in store, and begins after it. A nil
// store is an ErrInvalidArgument.
func Resume(store Store) SourceSetting {
	return SourceSetting{Func: func(s *settings) string {
		s.store = store
		return opt.NotNil("Resume", "store", store == nil)
	}}
}

// CommitEvery sets how long a [Source] waits before it saves an id. It does not wait when
// half of delivery.MaxUncommitted is done. The default is 1 s. every ≤ 0 is an
// ErrInvalidArgument.
func CommitEvery(every time.Duration) SourceSetting {
	return SourceSetting{Func: func(s *settings) string {
		s.commit = every
		return opt.Positive("CommitEvery", "every", every)
	}}
}

// KeyBy sets the key of each event of a [Source]: events with the same key stay in order.
// Without it, events have no key, and no order is kept. A nil fn is an
// ErrInvalidArgument.
func KeyBy(fn func(Event) string) SourceSetting {
	return SourceSetting{Func: func(s *settings) string {
		s.key = fn
		return opt.NotNil("KeyBy", "fn", fn == nil)
	}}
}
