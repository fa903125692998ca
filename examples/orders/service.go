package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/turbopipes/turbopipes/operators"
)

// service is an HTTP service that knows the names of the customers. Some of its answers
// are errors, some are late, and at times it is down.
type service struct {
	*http.Server
	url     string
	latency time.Duration
	served  chan error
	down    atomic.Bool
	calls   atomic.Int64
	failed  atomic.Int64
}

func startService(latency time.Duration) (*service, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &service{url: "http://" + l.Addr().String(), latency: latency, served: make(chan error, 1)}
	s.Server = &http.Server{Handler: http.HandlerFunc(s.answer), ReadHeaderTimeout: time.Second}
	go func() { s.served <- s.Serve(l) }() // close waits for it
	return s, nil
}

func (s *service) close() {
	_ = s.Close()
	<-s.served
}

func (s *service) answer(w http.ResponseWriter, r *http.Request) {
	s.calls.Add(1)
	luck := rand.IntN(100) //nolint:gosec // a simulation
	switch {
	case s.down.Load(), luck < 4:
		s.failed.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	case r.FormValue("item") == forbidden:
		w.WriteHeader(http.StatusUnprocessableEntity)
	default:
		wait := s.latency
		if luck == 4 {
			s.failed.Add(1)
			wait = 2 * answerWithin
		}
		select {
		case <-time.After(wait):
		case <-r.Context().Done():
			return
		}
		_ = json.NewEncoder(w).Encode(customer{Name: "customer " + r.FormValue("customer")})
	}
}

// customer is the answer of the service.
type customer struct {
	Name     string
	Rejected bool `json:"-"`
}

// answerWithin limits one call of the service.
const answerWithin = 150 * time.Millisecond

// enricher returns a function that asks the service about an order. A call has a time
// limit. A breaker that all tasks share ends the calls while the service is down. A call
// that fails is tried again.
func enricher(url string) func(context.Context, Order) (customer, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, MaxConnsPerHost: 64}}
	ask := func(ctx context.Context, o Order) (c customer, err error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/?customer=%d&item=%s", url, o.Customer, o.Item), nil)
		if err != nil {
			return c, err
		}
		answer, err := client.Do(request)
		if err != nil {
			return c, err
		}
		defer func() {
			_, _ = io.Copy(io.Discard, answer.Body) // so that the connection is used again
			_ = answer.Body.Close()
		}()
		switch answer.StatusCode {
		case http.StatusOK:
			return c, json.NewDecoder(answer.Body).Decode(&c)
		case http.StatusUnprocessableEntity: // an answer, and not a failure of the service
			return customer{Rejected: true}, nil
		}
		return c, fmt.Errorf("the service answers %s", answer.Status)
	}
	breaker := operators.NewBreaker(operators.WithFailureRate(0.5, 5*time.Second, 20), operators.WithCooldown(200*time.Millisecond))
	return operators.Retrying(
		operators.Guarded(breaker, operators.TimeLimit(answerWithin, ask)),
		10, operators.WithBackoff(operators.Exponential(10*time.Millisecond, 500*time.Millisecond, 2)))
}
