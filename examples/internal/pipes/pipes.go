// Package pipes is a network in memory, for tests of the examples in virtual
// time.
package pipes

import (
	"context"
	"net"
	"sync"
)

// Network has one server.
type Network struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// New makes one that can be dialled as soon as its Listener is read from.
func New() *Network {
	return &Network{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// Listen gives the server's side, which is the Network itself.
func (n *Network) Listen() (net.Listener, error) { return n, nil }

// Addr is an address that nobody dials.
func (n *Network) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

// Close makes Accept and Dial fail.
func (n *Network) Close() error {
	n.once.Do(func() { close(n.closed) })
	return nil
}

// Accept waits for a Dial.
func (n *Network) Accept() (net.Conn, error) {
	select {
	case conn := <-n.conns:
		return conn, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

// Dial waits for an Accept.
func (n *Network) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case n.conns <- server:
		return client, nil
	case <-n.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
