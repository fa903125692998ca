package websocket

import (
	"fmt"
	"time"

	ws "github.com/coder/websocket"

	"github.com/turbopipes/turbopipes"
)

type serverOptions struct {
	accept   *ws.AcceptOptions
	lag      int
	overflow turbopipes.Overflow
	write    time.Duration
	ping     time.Duration
	most     int // clients; 0: no limit
}

// ServerOption is an option of [NewServer].
type ServerOption func(*serverOptions) (bad string)

// Accept sets how to accept connections: origins, subprotocols, compression. By default
// the origin has to be the host of the request.
func Accept(a *ws.AcceptOptions) ServerOption {
	return func(o *serverOptions) string { o.accept = a; return "" }
}

// Lag sets how many messages a client may be behind, and what happens to a slow client
// that is more. turbopipes.Block holds the stream until the client has caught up, or is
// gone. turbopipes.DropOldest leaves out the messages that the client has missed.
// turbopipes.Fail closes its connection with the code 1013. The default is 256 and Fail.
// turbopipes.DropNewest, and n < 1, are an ErrInvalidArgument.
func Lag(n int, strategy turbopipes.Overflow) ServerOption {
	return func(o *serverOptions) string {
		o.lag, o.overflow = n, strategy
		switch strategy {
		case turbopipes.Block, turbopipes.DropOldest, turbopipes.Fail:
		case turbopipes.DropNewest:
			return "Lag: the strategy is " + strategy.String() + ", want Block, DropOldest or Fail"
		}
		if n < 1 {
			return fmt.Sprintf("Lag: n is %d, want at least 1", n)
		}
		return ""
	}
}

// WriteTimeout ends the connection of a client that takes nothing for the time d. The
// default is 10 s. d ≤ 0 is an ErrInvalidArgument.
func WriteTimeout(d time.Duration) ServerOption {
	return func(o *serverOptions) string { o.write = d; return positive("WriteTimeout", "d", d) }
}

// PingClients sets how often each client gets a ping. One that does not answer for as long
// is gone. The default is 30 s. d ≤ 0 is an ErrInvalidArgument.
func PingClients(d time.Duration) ServerOption {
	return func(o *serverOptions) string { o.ping = d; return positive("PingClients", "d", d) }
}

// MaxClients refuses clients beyond n, with a 503. n < 1 is an ErrInvalidArgument.
func MaxClients(n int) ServerOption {
	return func(o *serverOptions) string {
		if o.most = n; n < 1 {
			return fmt.Sprintf("MaxClients: n is %d, want at least 1", n)
		}
		return ""
	}
}
