package websocket_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	ws "github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/connect/websocket"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
)

// feed is a server with a protocol: a client sends "from N" and gets the messages after
// N, as "N key value", and it sends "ack N".
type feed struct {
	mu    sync.Mutex
	all   []deliverytest.Event
	news  chan struct{}
	acked int
	cut   bool // connections end after 10 messages
}

func newFeed() *feed { return &feed{news: make(chan struct{})} }

func (f *feed) publish(events ...deliverytest.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, events...)
	close(f.news)
	f.news = make(chan struct{})
}

func (f *feed) serve(_ int64, c *ws.Conn) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	_, hello, err := c.Read(ctx)
	if err != nil {
		return
	}
	at, _ := strconv.Atoi(strings.TrimPrefix(string(hello), "from "))
	var reader sync.WaitGroup
	defer reader.Wait()
	reader.Go(func() {
		defer cancel()
		for {
			_, text, err := c.Read(ctx)
			if err != nil {
				return
			}
			n, _ := strconv.Atoi(strings.TrimPrefix(string(text), "ack "))
			f.mu.Lock()
			f.acked = max(f.acked, n)
			f.mu.Unlock()
		}
	})
	for sent := 0; ; sent++ {
		f.mu.Lock()
		news, cut, more := f.news, f.cut, at < len(f.all)
		var text string
		if more {
			text = strconv.Itoa(at+1) + " " + f.all[at].Key + " " + string(f.all[at].Value)
		}
		f.mu.Unlock()
		if cut && sent == 10 {
			_ = c.CloseNow()
			return
		}
		if !more {
			select {
			case <-news:
				continue
			case <-ctx.Done():
				return
			}
		}
		send(c, text)
		at++
	}
}

// options are those of a client of a feed.
func protocol(opts ...websocket.Option) []websocket.Option {
	return append(opts, fast, websocket.CommitEvery(time.Millisecond), quiet(make(chan error, 1)),
		websocket.Setup(func(ctx context.Context, c *ws.Conn, position string) error {
			return c.Write(ctx, ws.MessageText, []byte("from "+position))
		}),
		websocket.Position(func(m websocket.Message) string {
			position, _, _ := strings.Cut(string(m.Data), " ")
			return position
		}),
		websocket.KeyBy(func(m websocket.Message) string {
			return strings.SplitN(string(m.Data), " ", 3)[1]
		}),
		websocket.Ack(func(ctx context.Context, c *ws.Conn, position string) error {
			return c.Write(ctx, ws.MessageText, []byte("ack "+position))
		}))
}

type memory struct {
	mu sync.Mutex
	at string
}

func (m *memory) Load(context.Context) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at, nil
}

func (m *memory) Save(_ context.Context, at string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at = at
	return nil
}

// bare is a source whose values have no position, as the suite wants them.
type bare struct{ delivery.Source[[]byte] }

func (b bare) Open(ctx context.Context, o delivery.SessionOptions) (delivery.Session[[]byte], error) {
	s, err := b.Source.Open(ctx, o)
	return bareSession{s}, err
}

type bareSession struct{ delivery.Session[[]byte] }

func (b bareSession) Receive(ctx context.Context, emit func(delivery.Delivery[[]byte]) bool) error {
	return b.Session.Receive(ctx, func(d delivery.Delivery[[]byte]) bool {
		return emit(delivery.With(d, []byte(strings.SplitN(string(d.Value), " ", 3)[2])))
	})
}

// TestSource: the suite of package deliverytest, for a protocol with positions and acks,
// with connections that end all the time.
func TestSource(t *testing.T) {
	deliverytest.Run(t, func(t *testing.T) deliverytest.Harness {
		f := newFeed()
		f.cut = !strings.HasSuffix(t.Name(), "LongBacklog")
		return deliverytest.Harness{
			Publish: func(_ testing.TB, events []deliverytest.Event) { f.publish(events...) },
			Source:  bare{websocket.Source(serve(t, f.serve), protocol(websocket.Resume(&memory{}))...)},
			Ordered: true,
		}
	})
}

// TestLastAck: the last ack is sent before the connection is closed.
func TestLastAck(t *testing.T) {
	f := newFeed()
	url := serve(t, f.serve)
	f.publish(deliverytest.Event{Value: []byte("a/1")}, deliverytest.Event{Value: []byte("a/2")})
	done := make(chan delivery.Info, 2)
	s := delivery.Process(websocket.Source(url, append(protocol(), websocket.CommitEvery(time.Hour))...), 4, func(_ context.Context, d delivery.Delivery[[]byte]) error {
		done <- d.Info()
		return nil
	}).Subscribe(t.Context(), tp.Observer[delivery.Receipt]{})
	<-done
	i := <-done
	require.NoError(t, s.Stop(t.Context()))
	require.Equal(t, "2", i.ID)
	require.Equal(t, "2", i.Position)
	require.Equal(t, "text", i.Headers.Get("type"))
	require.Eventually(t, func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.acked == 2
	}, 10*time.Second, time.Millisecond)
}

// TestAckAtDispose: a function that ignores the end of its ctx and returns nil has had its
// effect, and the connection is there for its ack.
func TestAckAtDispose(t *testing.T) {
	f := newFeed()
	url := serve(t, f.serve)
	f.publish(deliverytest.Event{Value: []byte("1")})
	running := make(chan struct{})
	s := delivery.Process(websocket.Source(url, append(protocol(), websocket.CommitEvery(time.Hour))...), 4, func(ctx context.Context, _ delivery.Delivery[[]byte]) error {
		close(running)
		<-ctx.Done()
		return nil
	}).Subscribe(t.Context(), tp.Observer[delivery.Receipt]{})
	<-running
	s.Dispose()
	await(t, func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.acked == 1
	})
}

// TestAckAfterTheEnd: a server that has ended the stream takes no ack, and nobody waits
// for it. The position is saved.
func TestAckAfterTheEnd(t *testing.T) {
	url := serve(t, func(_ int64, c *ws.Conn) {
		_, _, _ = c.Read(context.Background())
		send(c, "7 a 1")
		_ = c.Close(ws.StatusNormalClosure, "")
	})
	store := &memory{}
	src := websocket.Source(url, append(protocol(websocket.Resume(store)), websocket.CommitEvery(time.Hour))...)
	require.NoError(t, delivery.Process(src, 1, func(context.Context, delivery.Delivery[[]byte]) error { return nil }).Drain(t.Context()))
	require.Equal(t, "7", store.at)
}

// TestNoPosition: without a position there is nothing to ack, and the stream is bounded
// all the same.
func TestNoPosition(t *testing.T) {
	url := serve(t, func(_ int64, c *ws.Conn) {
		for i := range 200 {
			send(c, strconv.Itoa(i))
		}
		_ = c.Close(ws.StatusNormalClosure, "")
	})
	var mu sync.Mutex
	positions := map[string]bool{}
	require.NoError(t, delivery.Process(websocket.Source(url, fast), 4, func(_ context.Context, d delivery.Delivery[[]byte]) error {
		mu.Lock()
		defer mu.Unlock()
		positions[d.Info().Position] = true
		return nil
	}, delivery.MaxUncommitted(16)).Drain(t.Context()))
	require.Len(t, positions, 200)
}

// TestSink: messages are written in order, over connections that end.
func TestSink(t *testing.T) {
	const n = 40
	got := make(chan string, 2*n)
	over := make(chan error, 100)
	url := serve(t, func(i int64, c *ws.Conn) {
		for k := 0; ; k++ {
			if i%2 == 1 && k == 5 {
				_ = c.Close(ws.StatusServiceRestart, "")
				return
			}
			_, data, err := c.Read(context.Background())
			if err != nil {
				over <- err
				return
			}
			got <- string(data)
			send(c, "ok "+string(data))
		}
	})
	answers := make(chan string, 2*n)
	sink := websocket.NewSink(url, websocket.SinkOptions{OnMessage: func(m websocket.Message) { answers <- string(m.Data) }})
	for i := range n { // the answer says that the server has it
		for {
			if err := sink.Publish(t.Context(), websocket.Message{Data: []byte(strconv.Itoa(i))}); err != nil {
				continue
			}
			select {
			case a := <-answers:
				require.Equal(t, "ok "+strconv.Itoa(i), a)
			case <-time.After(50 * time.Millisecond):
				continue
			}
			break
		}
	}
	require.NoError(t, sink.Close())
	require.NoError(t, sink.Close())
	require.Equal(t, ws.StatusNormalClosure, ws.CloseStatus(<-over))
	require.ErrorIs(t, sink.Publish(t.Context(), websocket.Message{}), websocket.ErrClosed)
	for i := range n {
		require.Equal(t, strconv.Itoa(i), <-got)
	}
}

// TestSinkEach: a delivery is acked when its message is written.
func TestSinkEach(t *testing.T) {
	b := deliverytest.NewBroker(1)
	b.Publish(deliverytest.Event{Value: []byte("1")}, deliverytest.Event{Value: []byte("2")})
	b.End()
	got := make(chan string, 2)
	url := serve(t, func(_ int64, c *ws.Conn) {
		for {
			_, data, err := c.Read(context.Background())
			if err != nil {
				return
			}
			got <- string(data)
		}
	})
	tries := 0
	sink := websocket.NewSink(url, websocket.SinkOptions{Setup: func(context.Context, *ws.Conn) error {
		if tries++; tries == 1 {
			return errors.New("not yet")
		}
		return nil
	}})
	require.NoError(t, delivery.Through(b.Log(deliverytest.LogOptions{}), func(in tp.Observable[delivery.Delivery[[]byte]]) tp.Observable[delivery.Receipt] {
		return tp.Pipe2(in, delivery.Map(func(v []byte) websocket.Message { return websocket.Message{Data: v} }),
			sink.Each(1, delivery.Retry(3, func(int, error) time.Duration { return 0 })))
	}).Drain(t.Context()))
	require.NoError(t, sink.Close())
	require.Equal(t, 2, b.Committed())
	require.Equal(t, "1", <-got)
	require.Equal(t, "2", <-got)
}
