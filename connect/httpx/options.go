package httpx

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/turbopipes/turbopipes/internal/opt"
)

// PageOption is an option of [Pages], [Items] and [PageSource].
type PageOption interface {
	opt.Option[settings]
	interface{ pages() }
}

// PageSourceOption is an option of [PageSource].
type PageSourceOption interface {
	opt.Option[settings]
	interface{ pageSource() }
}

// PageSetting is an option of [Pages], [Items] and [PageSource].
type PageSetting struct {
	opt.Func[settings]
	forPages
	forPageSource
}

// PageSourceSetting is an option of [PageSource] only.
type PageSourceSetting struct {
	opt.Func[settings]
	forPageSource
}

type (
	forPages      struct{}
	forPageSource struct{}
)

func (forPages) pages()           {}
func (forPageSource) pageSource() {}

var (
	_ = forPages.pages // only through embedding
	_ = forPageSource.pageSource
)

// Store keeps the address of the page to go on at. files.Position is one.
type Store interface {
	// Load returns an empty address where none was saved.
	Load(ctx context.Context) (url string, err error)
	Save(ctx context.Context, url string) error
}

type settings struct {
	client  *http.Client
	prepare func(*http.Request) error
	timeout time.Duration
	retries int
	first   time.Duration
	longest time.Duration
	most    int64
	anyHost bool
	store   Store
	trouble func(error)
}

func defaults() settings {
	return settings{
		client: http.DefaultClient, prepare: func(*http.Request) error { return nil }, timeout: 30 * time.Second,
		retries: 5, first: 500 * time.Millisecond, longest: 30 * time.Second, most: 10 << 20,
		trouble: func(err error) { slog.Warn("httpx: trouble with a page", "error", err) },
	}
}

// Client sets the client, in place of http.DefaultClient. A nil client is an
// ErrInvalidArgument.
func Client(client *http.Client) PageSetting {
	return PageSetting{Func: func(s *settings) string {
		s.client = client
		return opt.NotNil("Client", "client", client == nil)
	}}
}

// Prepare calls fn with each request, to set headers such as a token. An error of fn ends
// the stream. A nil fn is an ErrInvalidArgument.
func Prepare(fn func(*http.Request) error) PageSetting {
	return PageSetting{Func: func(s *settings) string {
		s.prepare = fn
		return opt.NotNil("Prepare", "fn", fn == nil)
	}}
}

// Timeout limits each request, with its body. The default is 30 s. d ≤ 0 is an
// ErrInvalidArgument.
func Timeout(d time.Duration) PageSetting {
	return PageSetting{Func: func(s *settings) string {
		s.timeout = d
		return opt.Positive("Timeout", "d", d)
	}}
}

// Retry sets how often a page is tried again, and the waits. They begin with first, and
// double up to longest; up to half of each is added at random. A Retry-After of the
// server that is longer counts. With turbopipes.Infinite as count there is no limit. The
// default is 5, 500 ms and 30 s. A count below Infinite, a first ≤ 0, and a first of more
// than longest are an ErrInvalidArgument.
func Retry(count int, first, longest time.Duration) PageSetting {
	return PageSetting{Func: func(s *settings) string {
		s.retries, s.first, s.longest = count, first, longest
		switch {
		case count < -1:
			return "Retry: " + opt.TooSmall("count", count, 0) + ", or Infinite"
		case longest < first:
			return fmt.Sprintf("Retry: longest is %v, want at least first, %v", longest, first)
		}
		return opt.Positive("Retry", "first", first)
	}}
}

// OnTrouble calls fn with each error after which a page is tried again, and of each
// address that could not be saved. fn may run on two goroutines at once. The default
// writes to package slog. A nil fn is an ErrInvalidArgument.
func OnTrouble(fn func(error)) PageSetting {
	return PageSetting{Func: func(s *settings) string {
		s.trouble = fn
		return opt.NotNil("OnTrouble", "fn", fn == nil)
	}}
}

// MaxBody bounds the bytes of a page. The default is 10 MiB. A longer page fails the
// stream with an [ErrTooLarge]. n < 1 is an ErrInvalidArgument.
func MaxBody(n int64) PageSetting {
	return PageSetting{Func: func(s *settings) string {
		s.most = n
		return opt.AtLeast("MaxBody", "n", n, 1)
	}}
}

// AnyHost lets a page say that the next one is on another host. Without it, that fails
// the stream, since the other host would get the headers of [Prepare].
func AnyHost() PageSetting {
	return PageSetting{Func: func(s *settings) string { s.anyHost = true; return "" }}
}

// Resume keeps the address of the page to go on at in store, and begins there. A nil
// store is an ErrInvalidArgument.
func Resume(store Store) PageSourceSetting {
	return PageSourceSetting{Func: func(s *settings) string {
		s.store = store
		return opt.NotNil("Resume", "store", store == nil)
	}}
}
