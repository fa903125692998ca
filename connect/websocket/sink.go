package websocket

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	ws "github.com/coder/websocket"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
)

// SinkOptions are those of [NewSink]. Zero values are defaults.
type SinkOptions struct {
	// Dial sets how to connect.
	Dial *ws.DialOptions
	// Setup is called with each new connection, before something is written.
	Setup func(ctx context.Context, c *ws.Conn) error
	// WriteTimeout limits each write, and each connect with its Setup. The default is
	// 10 s.
	WriteTimeout time.Duration
	// OnMessage is called with each message that the server sends, on a goroutine of the
	// sink. It must not call the sink. The default drops them.
	OnMessage func(Message)
	// ReadLimit bounds the bytes of such a message. A longer one ends the connection. The
	// default is 32 KiB.
	ReadLimit int64
}

// Sink writes messages to a WebSocket, one at a time and in order. It connects at the
// first message, and again after a failure. WebSocket has no acks: a nil error says that
// the operating system has the message, and not that the server has. What is on its way
// when a connection fails is lost. So a sink alone is not at least once; it can be with a
// server that answers, see OnMessage.
type Sink struct {
	url  string
	o    SinkOptions
	turn chan struct{} // of capacity 1: full while somebody writes

	conn   *ws.Conn // the holder of turn has it
	closed bool     // too
	reader sync.WaitGroup
	ctx    context.Context //nolint:containedctx // of the reader
	end    context.CancelFunc
}

// ErrClosed is for a [Sink] that is closed.
var ErrClosed = errors.New("websocket: the sink is closed")

// NewSink returns a Sink. Close it. An empty url is an ErrInvalidArgument of Publish.
func NewSink(url string, o SinkOptions) *Sink {
	if o.WriteTimeout <= 0 {
		o.WriteTimeout = defaultWrite
	}
	if o.ReadLimit <= 0 {
		o.ReadLimit = defaultReadLimit
	}
	s := &Sink{url: url, o: o, turn: make(chan struct{}, 1)}
	s.ctx, s.end = context.WithCancel(context.Background())
	return s
}

// Publish writes m. Any number of goroutines may call it; each message is written as a
// whole. After an error the message may have been written all the same, and the next call
// connects again. An answer 4xx to the handshake, other than 408 and 429, is
// [delivery.Permanent].
func (s *Sink) Publish(ctx context.Context, m Message) error {
	if s.url == "" {
		return delivery.Permanent(fmt.Errorf("%w: websocket.NewSink: url is empty", turbopipes.ErrInvalidArgument))
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if s.closed {
		return delivery.Permanent(ErrClosed)
	}
	limited, cancel := context.WithTimeout(ctx, s.o.WriteTimeout)
	defer cancel()
	if err := s.open(limited); err != nil {
		return fmt.Errorf("websocket: connect to %s: %w", s.url, err)
	}
	kind := ws.MessageText
	if m.Binary {
		kind = ws.MessageBinary
	}
	if err := s.conn.Write(limited, kind, m.Data); err != nil {
		s.drop()
		return fmt.Errorf("websocket: write to %s: %w", s.url, err)
	}
	return nil
}

// open connects, unless there is a connection. The caller has the turn.
func (s *Sink) open(ctx context.Context) error {
	if s.conn != nil {
		return nil
	}
	o := options{dial: s.o.Dial, readLimit: s.o.ReadLimit}
	conn, err := o.connect(ctx, s.url)
	var f final
	if errors.As(err, &f) {
		return delivery.Permanent(f.error)
	}
	if err != nil {
		return err
	}
	if s.o.Setup != nil {
		if err := s.o.Setup(ctx, conn); err != nil {
			_ = conn.CloseNow()
			return err
		}
	}
	s.conn = conn
	s.reader.Go(func() { s.read(conn) })
	return nil
}

// read reads to the end of conn: pings and close frames are answered while something
// reads.
func (s *Sink) read(conn *ws.Conn) {
	for {
		kind, data, err := conn.Read(s.ctx)
		if err != nil {
			_ = conn.CloseNow() // so that the next write fails
			return
		}
		if s.o.OnMessage != nil {
			s.o.OnMessage(Message{Data: data, Binary: kind == ws.MessageBinary})
		}
	}
}

// drop ends the connection. The caller has the turn.
func (s *Sink) drop() {
	_ = s.conn.CloseNow()
	s.reader.Wait()
	s.conn = nil
}

// Each writes the message of each delivery, and acks the delivery when it is written. It
// is the last stage of a pipeline in [delivery.Through]. Messages are written one at a
// time; with n = 1 they are written in the order of the stream, and with a greater n in
// the order of each key. The options are those of [delivery.Each]; with [delivery.Retry]
// it connects again.
func (s *Sink) Each(n int, opts ...delivery.Option) turbopipes.Operator[delivery.Delivery[Message], delivery.Receipt] {
	return delivery.Each(n, func(ctx context.Context, d delivery.Delivery[Message]) error {
		return s.Publish(ctx, d.Value)
	}, opts...)
}

// Close waits for the write that runs, and closes the connection with the code 1000. It
// waits a second for the server's answer. It may be called again.
func (s *Sink) Close() error {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	s.closed = true
	if s.conn != nil {
		goodbye(s.conn, ws.StatusNormalClosure, func(error) { s.end() })
		s.drop()
	}
	s.end()
	return nil
}
