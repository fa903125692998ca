package sse

import (
	"net/http"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// ServerOption is an option of [NewServer].
type ServerOption interface{ opt.Option[serverSettings] }

type serverSettings struct {
	history   int
	lag       int
	overflow  turbopipes.Overflow
	replay    bool
	number    bool
	keepAlive time.Duration
	write     time.Duration
	retry     time.Duration // 0: not sent
	most      int           // clients; 0: no limit
	gap       func(r *http.Request, lastID string)
}

// History keeps the last n events, for clients that come back with a Last-Event-ID. The
// default is 0. n < 0 is an ErrInvalidArgument.
func History(n int) ServerOption {
	return opt.Func[serverSettings](func(s *serverSettings) string {
		s.history = n
		return opt.AtLeast("History", "n", n, 0)
	})
}

// Replay sends the history to clients without a Last-Event-ID, too. Without it, they get
// the events from now on.
func Replay() ServerOption {
	return opt.Func[serverSettings](func(s *serverSettings) string { s.replay = true; return "" })
}

// Lag sets how many events a client may be behind, and what happens to a slow client that
// is more. turbopipes.Block holds the stream until the client has caught up, or is gone.
// turbopipes.DropOldest leaves out the events that the client has missed. turbopipes.Fail
// ends its connection: it comes back with its Last-Event-ID, and gets what is in the
// history. The default is 256 and Fail. turbopipes.DropNewest, and n < 1, are an
// ErrInvalidArgument.
func Lag(n int, strategy turbopipes.Overflow) ServerOption {
	return opt.Func[serverSettings](func(s *serverSettings) string {
		s.lag, s.overflow = n, strategy
		switch strategy {
		case turbopipes.Block, turbopipes.DropOldest, turbopipes.Fail:
			return opt.AtLeast("Lag", "n", n, 1)
		case turbopipes.DropNewest:
		}
		return "Lag: the strategy is " + strategy.String() + ", want Block, DropOldest or Fail"
	})
}

// NumberIDs gives an id to each event that has none, so that clients can come back. The
// ids of two servers, and of two runs of a program, differ.
func NumberIDs() ServerOption {
	return opt.Func[serverSettings](func(s *serverSettings) string { s.number = true; return "" })
}

// KeepAlive sends a comment when there was no event for the time every. The default is
// 15 s. every ≤ 0 is an ErrInvalidArgument.
func KeepAlive(every time.Duration) ServerOption {
	return opt.Func[serverSettings](func(s *serverSettings) string {
		s.keepAlive = every
		return opt.Positive("KeepAlive", "every", every)
	})
}

// WriteTimeout ends the connection of a client that takes nothing for the time d. It
// replaces the WriteTimeout of the http.Server. The default is 10 s. d ≤ 0 is an
// ErrInvalidArgument.
func WriteTimeout(d time.Duration) ServerOption {
	return opt.Func[serverSettings](func(s *serverSettings) string {
		s.write = d
		return opt.Positive("WriteTimeout", "d", d)
	})
}

// RetryField tells clients how long to wait before they come back. d < 1 ms is an
// ErrInvalidArgument.
func RetryField(d time.Duration) ServerOption {
	return opt.Func[serverSettings](func(s *serverSettings) string {
		s.retry = d
		if d < time.Millisecond {
			return "RetryField: d is " + d.String() + ", want at least 1ms"
		}
		return ""
	})
}

// MaxClients refuses clients beyond n, with a 503 and Retry-After. n < 1 is an
// ErrInvalidArgument.
func MaxClients(n int) ServerOption {
	return opt.Func[serverSettings](func(s *serverSettings) string {
		s.most = n
		return opt.AtLeast("MaxClients", "n", n, 1)
	})
}

// OnGap calls fn when a client comes back with an id that is not in the history: it gets
// the whole history, and may have missed events before it. fn runs on the goroutine of
// the request. A nil fn is an ErrInvalidArgument.
func OnGap(fn func(r *http.Request, lastID string)) ServerOption {
	return opt.Func[serverSettings](func(s *serverSettings) string {
		s.gap = fn
		return opt.NotNil("OnGap", "fn", fn == nil)
	})
}
