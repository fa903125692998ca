package jetstream_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// broker is an embedded server.
type broker struct {
	*server.Server
	opts server.Options
	port int
}

// newBroker starts a server with a directory of its own.
func newBroker(t testing.TB) *broker {
	t.Helper()
	b := &broker{opts: server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true}}
	b.start(t)
	t.Cleanup(func() { b.stop() })
	return b
}

func (b *broker) start(t testing.TB) {
	t.Helper()
	opts := b.opts
	if b.port != 0 {
		opts.Port = b.port
	}
	s, err := server.NewServer(&opts)
	require.NoError(t, err)
	s.Start()
	require.True(t, s.ReadyForConnections(10*time.Second))
	b.Server = s
	b.port = s.Addr().(*net.TCPAddr).Port
}

func (b *broker) stop() {
	b.Shutdown()
	b.WaitForShutdown()
}

// connect connects to the server, and goes on for ever.
func connect(t testing.TB, url string) *nats.Conn {
	t.Helper()
	closed := make(chan struct{})
	nc, err := nats.Connect(url, nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond), nats.ReconnectJitter(0, 0),
		nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	require.NoError(t, err)
	t.Cleanup(func() {
		nc.Close()
		<-closed
	})
	return nc
}

func streaming(t testing.TB, nc *nats.Conn) natsjs.JetStream {
	t.Helper()
	js, err := natsjs.New(nc)
	require.NoError(t, err)
	return js
}

var streams atomic.Int64

// newStream creates a stream for the subjects name.>.
func newStream(t testing.TB, js natsjs.JetStream, change ...func(*natsjs.StreamConfig)) string {
	t.Helper()
	name := "s" + strconv.FormatInt(streams.Add(1), 10)
	cfg := natsjs.StreamConfig{Name: name, Subjects: []string{name + ".>"}}
	for _, f := range change {
		f(&cfg)
	}
	_, err := js.CreateStream(t.Context(), cfg)
	require.NoError(t, err)
	return name
}

// publish publishes n events with the numbers from from on as values, and keys in turn
// as the last token of their subjects.
func publish(t testing.TB, js natsjs.JetStream, stream string, from, n, keys int) {
	t.Helper()
	for i := from; i < from+n; i++ {
		m := &nats.Msg{Subject: fmt.Sprintf("%s.k%d", stream, i%keys), Data: []byte(strconv.Itoa(i))}
		_, err := js.PublishMsgAsync(m, natsjs.WithMsgID(stream+"-"+strconv.Itoa(i)), natsjs.WithStallWait(10*time.Second))
		require.NoError(t, err)
	}
	select {
	case <-js.PublishAsyncComplete():
	case <-time.After(30 * time.Second):
		require.FailNow(t, "events are not published")
	}
}

// consumerInfo is that of the server; an empty one if there is no such consumer yet.
func consumerInfo(t testing.TB, js natsjs.JetStream, stream, consumer string) *natsjs.ConsumerInfo {
	t.Helper()
	c, err := js.Consumer(context.Background(), stream, consumer)
	if errors.Is(err, natsjs.ErrConsumerNotFound) {
		return &natsjs.ConsumerInfo{}
	}
	require.NoError(t, err)
	info, err := c.Info(context.Background())
	require.NoError(t, err)
	return info
}

func env(name string, or int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return or
}
