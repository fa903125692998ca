// Package network connects the examples to servers that they run themselves: over
// TCP, or in memory, for tests in virtual time.
package network

import (
	"context"
	"net"
	"sync"
)

// Network is the way to one server.
type Network struct {
	Dial   func(ctx context.Context, network, addr string) (net.Conn, error)
	Listen func() (net.Listener, error)
}

// TCP listens on a free port of this machine.
func TCP() Network {
	return Network{
		Dial:   new(net.Dialer).DialContext,
		Listen: func() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }, //nolint:noctx // it does not block
	}
}

// InMemory has one server, at any address.
func InMemory() Network {
	p := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	return Network{p.dial, func() (net.Listener, error) { return p, nil }}
}

// pipes is the server's side.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
