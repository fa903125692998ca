package websocket

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	ws "github.com/coder/websocket"
)

// Message is a message of a WebSocket.
type Message struct {
	Data   []byte
	Binary bool // else it is text
}

// Store keeps the position of the last message that is done. files.Position is one.
type Store interface {
	// Load returns an empty position where none was saved.
	Load(ctx context.Context) (position string, err error)
	Save(ctx context.Context, position string) error
}

const (
	defaultReadLimit   = 32 << 10
	defaultUncommitted = 1024
	dialTimeout        = 30 * time.Second
	closeWait          = time.Second
	defaultPing        = 30 * time.Second
	defaultWrite       = 10 * time.Second
)

type options struct {
	dial      *ws.DialOptions
	setup     func(ctx context.Context, c *ws.Conn, position string) error
	first     time.Duration
	longest   time.Duration
	giveUp    int // 0: never
	ping      time.Duration
	idle      time.Duration // 0: none
	readLimit int64
	ends      []ws.StatusCode
	fails     []ws.StatusCode
	position  func(Message) string
	ack       func(ctx context.Context, c *ws.Conn, position string) error
	store     Store
	commit    time.Duration
	key       func(Message) string
	trouble   func(error)
}

// Option is an option of [Messages] and [Source].
type Option func(*options) (bad string)

func optionsOf(url string, opts []Option) (o options, bad string) {
	o = options{
		first: time.Second, longest: time.Minute, ping: defaultPing, readLimit: defaultReadLimit,
		ends:     []ws.StatusCode{ws.StatusNormalClosure},
		fails:    []ws.StatusCode{ws.StatusProtocolError, ws.StatusUnsupportedData, ws.StatusInvalidFramePayloadData, ws.StatusPolicyViolation, ws.StatusMandatoryExtension},
		position: func(Message) string { return "" }, key: func(Message) string { return "" }, commit: time.Second,
		trouble: func(err error) { slog.Warn("websocket: trouble with a connection", "error", err) },
	}
	if url == "" {
		return o, "url is empty"
	}
	for i, opt := range opts {
		if opt == nil {
			return o, fmt.Sprintf("option %d is nil", i+1)
		}
		if bad := opt(&o); bad != "" {
			return o, bad
		}
	}
	return o, ""
}

// Dial sets how to connect: headers, subprotocols, compression. The default is nil.
func Dial(d *ws.DialOptions) Option {
	return func(o *options) string { o.dial = d; return "" }
}

// Setup calls fn with each new connection, before messages are read: to log in, to
// subscribe, and to ask for the messages after position. That is the position of the last
// message that was read, or at the begin of a [Source] the one in the store; it is empty
// if there is none. fn may read and write. An error of fn is tried again as one of the
// connection is; one with a close code of [FailOn] ends the stream. A nil fn is an
// ErrInvalidArgument.
func Setup(fn func(ctx context.Context, c *ws.Conn, position string) error) Option {
	return func(o *options) string { o.setup = fn; return notNil("Setup", "fn", fn == nil) }
}

// Reconnect sets the waits before a connection is made again. Each failure in a row
// doubles the wait, from first up to longest. Up to half of each wait is added at random.
// The defaults are 1 s and 1 min. A first ≤ 0, or more than longest, is an
// ErrInvalidArgument.
func Reconnect(first, longest time.Duration) Option {
	return func(o *options) string {
		if o.first, o.longest = first, longest; longest < first {
			return fmt.Sprintf("Reconnect: longest is %v, want at least first, %v", longest, first)
		}
		return positive("Reconnect", "first", first)
	}
}

// GiveUp fails the stream with the last error when n connections in a row have brought
// no message. Without it, the server is tried for ever. n < 1 is an ErrInvalidArgument.
func GiveUp(n int) Option {
	return func(o *options) string {
		if o.giveUp = n; n < 1 {
			return fmt.Sprintf("GiveUp: n is %d, want at least 1", n)
		}
		return ""
	}
}

// PingEvery sets after what time without a message a ping is sent. A connection without
// an answer for as long again is made anew. While downstream is busy nothing is read, and
// no ping is sent. The default is 30 s. d ≤ 0 is an ErrInvalidArgument.
func PingEvery(d time.Duration) Option {
	return func(o *options) string { o.ping = d; return positive("PingEvery", "d", d) }
}

// IdleTimeout makes the connection anew when no message has come for the time d, whatever
// the pings say. By default there is no such limit. d ≤ 0 is an ErrInvalidArgument.
func IdleTimeout(d time.Duration) Option {
	return func(o *options) string { o.idle = d; return positive("IdleTimeout", "d", d) }
}

// ReadLimit bounds the bytes of a message. A longer one fails the stream with an error
// that wraps the library's ErrMessageTooBig. The default is 32 KiB. n < 1 is an
// ErrInvalidArgument.
func ReadLimit(n int64) Option {
	return func(o *options) string {
		if o.readLimit = n; n < 1 {
			return fmt.Sprintf("ReadLimit: n is %d, want at least 1", n)
		}
		return ""
	}
}

// EndOn sets the close codes at which the stream completes. The default is 1000, a normal
// closure. Without codes, it never completes.
func EndOn(codes ...ws.StatusCode) Option {
	return func(o *options) string { o.ends = slices.Clone(codes); return "" }
}

// FailOn sets the close codes at which the stream fails. The defaults are 1002, 1003,
// 1007, 1008 and 1010. At all codes that are neither here nor in [EndOn], it connects
// again.
func FailOn(codes ...ws.StatusCode) Option {
	return func(o *options) string { o.fails = slices.Clone(codes); return "" }
}

// Position sets the function that finds the position of a message in the protocol, or an
// empty text. fn runs on the goroutine that reads. A nil fn is an ErrInvalidArgument.
func Position(fn func(Message) string) Option {
	return func(o *options) string { o.position = fn; return notNil("Position", "fn", fn == nil) }
}

// Ack calls fn to tell the server that all messages of a [Source] up to position are done.
// It needs [Position]. fn writes to the connection that is open at the time, and may run
// beside the goroutine that reads. After an error of fn, and while there is no
// connection, it is tried again. A nil fn is an ErrInvalidArgument.
func Ack(fn func(ctx context.Context, c *ws.Conn, position string) error) Option {
	return func(o *options) string { o.ack = fn; return notNil("Ack", "fn", fn == nil) }
}

// Resume keeps the position up to which all messages of a [Source] are done in store, and
// begins there. It needs [Position], and [Setup]. A nil store is an ErrInvalidArgument.
func Resume(store Store) Option {
	return func(o *options) string { o.store = store; return notNil("Resume", "store", store == nil) }
}

// CommitEvery sets how long a [Source] waits before it acks or saves a position. It does
// not wait when half of delivery.MaxUncommitted is done. The default is 1 s. d ≤ 0 is an
// ErrInvalidArgument.
func CommitEvery(d time.Duration) Option {
	return func(o *options) string { o.commit = d; return positive("CommitEvery", "d", d) }
}

// KeyBy sets the key of each message of a [Source]: messages with the same key stay in
// order. Without it they have no key, and no order is kept. A nil fn is an
// ErrInvalidArgument.
func KeyBy(fn func(Message) string) Option {
	return func(o *options) string { o.key = fn; return notNil("KeyBy", "fn", fn == nil) }
}

// OnTrouble calls fn with the error of each connection that has failed, and of each ack
// and each position that could not be saved; all are tried again. fn may run on two
// goroutines at once. The default writes to slog. A nil fn is an ErrInvalidArgument.
func OnTrouble(fn func(error)) Option {
	return func(o *options) string { o.trouble = fn; return notNil("OnTrouble", "fn", fn == nil) }
}

func notNil(name, what string, isNil bool) string {
	if isNil {
		return name + ": " + what + " is nil"
	}
	return ""
}

func positive(name, what string, d time.Duration) string {
	if d <= 0 {
		return fmt.Sprintf("%s: %s is %v, want more than 0", name, what, d)
	}
	return ""
}
