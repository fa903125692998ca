package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/turbopipes/turbopipes/examples/internal/network"
)

// phase is a part of the script.
type phase struct {
	length  time.Duration
	state   string
	trouble string // empty: none
}

const ms = time.Millisecond

// script is the course of a deployment. The mirror has no trouble, except when
// everything is down.
var script = []phase{
	{800 * ms, "queued", ""},
	{500 * ms, "building", "slow"},
	{500 * ms, "building", "error"},
	{500 * ms, "testing", "hangs"},
	{530 * ms, "testing", ""},
	{10 * ms, "hesitating", ""}, // too short to be seen, unless by luck
	{400 * ms, "deploying", "half"},
	{600 * ms, "deploying", "drops"},
	{600 * ms, "verifying", "down"},
	{800 * ms, "verifying", ""},
	{800 * ms, "live", ""},
}

// api is a server that follows a script.
type api struct {
	http.Server
	script []phase
	start  time.Time
	url    string

	requests, well, open atomic.Int64
}

func serve(n network.Network, script []phase) (*api, error) {
	listener, err := n.Listen()
	if err != nil {
		return nil, err
	}
	a := &api{script: script, start: time.Now(), url: "http://" + listener.Addr().String()}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /state", a.state)
	mux.HandleFunc("GET /mirror", a.state)
	a.Handler = mux
	a.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			a.open.Add(1)
		case http.StateClosed:
			a.open.Add(-1)
		}
	}
	go func() { _ = a.Serve(listener) }() // until Close
	return a, nil
}

func (a *api) length() (d time.Duration) {
	for _, p := range a.script {
		d += p.length
	}
	return d
}

// now returns the current phase of the script.
func (a *api) now() phase {
	at := time.Since(a.start)
	for _, p := range a.script {
		if at -= p.length; at < 0 {
			return p
		}
	}
	return a.script[len(a.script)-1]
}

func (a *api) state(w http.ResponseWriter, r *http.Request) {
	a.requests.Add(1)
	now := a.now()
	trouble := now.trouble
	if r.URL.Path == "/mirror" && trouble != "down" {
		trouble = ""
	}
	switch trouble {
	case "error":
		http.Error(w, "out of order", http.StatusInternalServerError)
		return
	case "hangs":
		<-r.Context().Done() // until the client gives up
		return
	case "half":
		fmt.Fprintf(w, `{"state": "%s`, now.state[:4])
		return
	case "drops":
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, `{"state": `)
		panic(http.ErrAbortHandler)
	case "down":
		http.Error(w, "back soon", http.StatusServiceUnavailable)
		return
	case "slow":
		slowly, cancel := context.WithTimeout(r.Context(), 60*ms)
		defer cancel()
		<-slowly.Done()
	}
	fmt.Fprintf(w, `{"state": %q}`, now.state)
	a.well.Add(1)
}

// missed describes an error in the seen states. They must come in the order of the
// script, once each. All states that were visible for patience before the end must
// be among them.
func missed(script []phase, seen []string, lasted, patience time.Duration) error {
	var order []string
	visible := map[string]time.Duration{}
	for _, p := range script {
		if len(order) == 0 || order[len(order)-1] != p.state {
			order = append(order, p.state)
		}
		if p.trouble == "down" {
			visible[p.state] = 0
		} else {
			visible[p.state] += max(0, min(p.length, lasted))
		}
		lasted -= p.length
	}
	rest := seen
	for _, state := range order {
		if len(rest) > 0 && rest[0] == state {
			rest = rest[1:]
		} else if visible[state] >= patience {
			return fmt.Errorf("%s was missed: %v", state, seen)
		}
	}
	if len(rest) > 0 {
		return fmt.Errorf("%s was seen twice or out of order: %v", rest[0], seen)
	}
	return nil
}
