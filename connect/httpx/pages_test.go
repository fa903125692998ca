package httpx

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
)

const first = "http://api.test/users?limit=2"

// api is a server whose answers come in order.
type api struct {
	mu    sync.Mutex
	steps []http.HandlerFunc
	urls  []string
	times []time.Time
}

func (a *api) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	a.urls, a.times = append(a.urls, r.URL.String()), append(a.times, time.Now())
	if len(a.steps) == 0 {
		a.mu.Unlock()
		return nil, errors.New("no such host")
	}
	step := a.steps[0]
	a.steps = a.steps[1:]
	a.mu.Unlock()
	rec := httptest.NewRecorder()
	step(rec, r)
	if r.Context().Err() != nil {
		return nil, r.Context().Err()
	}
	return rec.Result(), nil
}

func ok200(body string, header ...string) http.HandlerFunc { return answerOf(200, body, header...) }

func answerOf(code int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Add(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

func letters(p Page) ([]string, error) { return strings.Fields(string(p.Body)), nil }

func (a *api) items(t *testing.T, next Next, opts ...PageOption) ([]string, error) {
	t.Helper()
	opts = append([]PageOption{Client(&http.Client{Transport: a})}, opts...)
	return Items(first, next, letters, opts...).Collect(t.Context())
}

func TestNextLink(t *testing.T) {
	a := &api{steps: []http.HandlerFunc{
		ok200("a b", "Link", `<http://api.test/users?page=1>; rel="prev first"`, "Link", `</users?page=2>; title="x, <y>; rel=prev"; rel="next last"`),
		ok200("", "Link", `<http://api.test/x>; rel=last, <?page=3>;REL=Next`),
		ok200("c", "Link", `<http://api.test/users?page=1>; rel="nextish"; rel=next`),
	}}
	got, err := a.items(t, NextLink())
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "c"}, got)
	require.Equal(t, []string{first, "http://api.test/users?page=2", "http://api.test/users?page=3"}, a.urls)
	for _, h := range []string{"", "<", "<x", "<x>", "<x>; rel", `<x>; rel="`, "x; rel=next", `<x>; a="\"`} {
		_, ok := linkTo(h, "next")
		require.False(t, ok, h)
	}
}

func FuzzLink(f *testing.F) {
	f.Add(`<http://api.test/x>; rel=last, <?page=3>;REL="a next"`)
	f.Fuzz(func(t *testing.T, h string) {
		target, ok := linkTo(h, "next")
		if ok && !strings.Contains(h, target) {
			t.Errorf("%q is not in %q", target, h)
		}
	})
}

func TestNextCursor(t *testing.T) {
	a := &api{steps: []http.HandlerFunc{ok200("a &x"), ok200("b y"), ok200("c")}}
	got, err := a.items(t, NextCursor("cursor", func(p Page) (string, error) {
		_, c, _ := strings.Cut(string(p.Body), " ")
		return c, nil
	}))
	require.NoError(t, err)
	require.Equal(t, []string{"a", "&x", "b", "y", "c"}, got)
	require.Equal(t, []string{first, "http://api.test/users?cursor=%26x&limit=2", "http://api.test/users?cursor=y&limit=2"}, a.urls)
}

func TestNextNumber(t *testing.T) {
	empty := func(p Page) (bool, error) { return len(p.Body) == 0, nil }
	a := &api{steps: []http.HandlerFunc{ok200("a"), ok200("b"), ok200("")}}
	got, err := a.items(t, NextNumber("page", empty))
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, got)
	require.Equal(t, []string{first, "http://api.test/users?limit=2&page=2", "http://api.test/users?limit=2&page=3"}, a.urls)
	a = &api{steps: []http.HandlerFunc{ok200("a")}}
	_, err = a.items(t, NextNumber("limit", func(Page) (bool, error) { return false, errBoom }))
	require.ErrorIs(t, err, errBoom)
	_, _, err = NextNumber("limit", empty)(Page{URL: "http://x?limit=many", Body: []byte("x")})
	require.EqualError(t, err, `httpx: the query parameter limit is "many", want a number`)
}

var errBoom = errors.New("boom")

var noNext Next = func(Page) (string, bool, error) { return "", false, nil }

func TestRetries(t *testing.T) {
	bubble(t, "as the server asks", func(t *testing.T) {
		a := &api{steps: []http.HandlerFunc{answerOf(429, "", "Retry-After", "60"), answerOf(503, ""), answerOf(408, ""), ok200("a")}}
		var troubles []error
		got, err := a.items(t, noNext, OnTrouble(func(err error) { troubles = append(troubles, err) }))
		require.NoError(t, err)
		require.Len(t, troubles, 3)
		require.Equal(t, []string{"a"}, got)
		require.Equal(t, time.Minute, a.times[1].Sub(a.times[0]))
		for i, want := range []time.Duration{time.Second, 2 * time.Second} {
			wait := a.times[i+2].Sub(a.times[i+1])
			require.GreaterOrEqual(t, wait, want)
			require.LessOrEqual(t, wait, want+want/2)
		}
	})
	bubble(t, "not for ever", func(t *testing.T) {
		a := &api{steps: []http.HandlerFunc{answerOf(503, ""), answerOf(502, "sorry")}}
		_, err := a.items(t, noNext, Retry(1, time.Second, time.Second))
		var status *StatusError
		require.ErrorAs(t, err, &status)
		require.Equal(t, 502, status.Code)
		require.Equal(t, "sorry", string(status.Body))
		require.EqualError(t, err, "httpx: http://api.test/users: the status is 502 Bad Gateway", "without the query")
		_, err = a.items(t, noNext, Retry(0, 1, 1))
		require.EqualError(t, err, "httpx: http://api.test/users: no such host")
	})
	bubble(t, "not at an answer that will stay", func(t *testing.T) {
		a := &api{steps: []http.HandlerFunc{ok200("a", "Link", "<?2>;rel=next"), answerOf(404, "")}}
		got, err := a.items(t, NextLink())
		var status *StatusError
		require.ErrorAs(t, err, &status)
		require.Equal(t, []string{"a"}, got)
	})
	bubble(t, "a request that takes too long", func(t *testing.T) {
		slow := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
		a := &api{steps: []http.HandlerFunc{slow, ok200("a")}}
		got, err := a.items(t, noNext, Timeout(time.Minute))
		require.NoError(t, err)
		require.Equal(t, []string{"a"}, got)
		a = &api{steps: []http.HandlerFunc{slow}}
		_, err = a.items(t, noNext, Retry(0, 1, 1), Timeout(time.Second))
		require.ErrorIs(t, err, turbopipes.ErrTimeout)
	})
	bubble(t, "until it is disposed of", func(t *testing.T) {
		for _, step := range []http.HandlerFunc{answerOf(503, ""), func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }} {
			a := &api{steps: []http.HandlerFunc{step}}
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			err := Pages(first, noNext, Client(&http.Client{Transport: a}), Retry(turbopipes.Infinite, time.Hour, time.Hour)).Drain(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			cancel()
		}
	})
}

func TestPagesThatAreRefused(t *testing.T) {
	a := &api{steps: []http.HandlerFunc{ok200("0123456789"), ok200("0123456789a")}}
	_, err := a.items(t, noNext, MaxBody(10))
	require.NoError(t, err)
	_, err = a.items(t, noNext, MaxBody(10))
	require.ErrorIs(t, err, ErrTooLarge)
	require.ErrorContains(t, err, "http://api.test/users has more than 10 bytes: set MaxBody")

	a = &api{steps: []http.HandlerFunc{ok200("a", "Link", "<"+first+">; rel=next")}}
	_, err = a.items(t, NextLink())
	require.EqualError(t, err, "httpx: http://api.test/users: the page is its own next page")

	evil := ok200("a", "Link", "<http://evil.test/?x>; rel=next")
	a = &api{steps: []http.HandlerFunc{evil}}
	_, err = a.items(t, NextLink())
	require.EqualError(t, err, "httpx: http://api.test/users: the next page is on http://evil.test: set AnyHost")
	require.Len(t, a.urls, 1, "it did not get the token")
	a = &api{steps: []http.HandlerFunc{evil, ok200("b")}}
	got, err := a.items(t, NextLink(), AnyHost(), Prepare(func(r *http.Request) error {
		r.Header.Set("Authorization", "x")
		return nil
	}))
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, got)

	a = &api{steps: []http.HandlerFunc{ok200("a")}}
	_, err = a.items(t, func(Page) (string, bool, error) { return ":x", true, nil })
	require.ErrorContains(t, err, "the address of the next page")
	_, err = a.items(t, noNext, Prepare(func(*http.Request) error { return errBoom }))
	require.ErrorIs(t, err, errBoom)
	bad := errors.New("bad item")
	a = &api{steps: []http.HandlerFunc{ok200("a")}}
	_, err = Items(first, noNext, func(Page) ([]int, error) { return nil, bad }, Client(&http.Client{Transport: a})).Collect(t.Context())
	require.ErrorIs(t, err, bad)
}

func TestBadArguments(t *testing.T) {
	for want, o := range map[string]turbopipes.Observable[Page]{
		"first is empty":                               Pages("", noNext),
		"first: parse":                                 Pages("http://\x00", noNext),
		"next is nil":                                  Pages("x", nil),
		"Client: client is nil":                        Pages("x", noNext, Client(nil)),
		"Prepare: fn is nil":                           Pages("x", noNext, Prepare(nil)),
		"Timeout: d is 0s, want more than 0":           Pages("x", noNext, Timeout(0)),
		"Retry: count is -2, want at least 0, or Infi": Pages("x", noNext, Retry(-2, 1, 1)),
		"Retry: first is 0s, want more than 0":         Pages("x", noNext, Retry(1, 0, 1)),
		"Retry: longest is 1ns, want at least first":   Pages("x", noNext, Retry(1, 2, 1)),
		"OnTrouble: fn is nil":                         Pages("x", noNext, OnTrouble(nil)),
		"MaxBody: n is 0, want at least 1":             Pages("x", noNext, MaxBody(0)),
	} {
		err := o.Drain(t.Context())
		require.ErrorIs(t, err, turbopipes.ErrInvalidArgument)
		require.ErrorContains(t, err, "httpx.Pages: "+want)
	}
	err := Items[int]("x", noNext, nil).Drain(t.Context())
	require.ErrorContains(t, err, "items is nil")
	err = delivery.Process(PageSource("x", noNext, Resume(nil)), 1, func(context.Context, delivery.Delivery[[]byte]) error { return nil }).Drain(t.Context())
	require.ErrorContains(t, err, "httpx.PageSource: Resume: store is nil")
}

// memory is a store.
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

// TestCursorIsCommittedWhenThePageIsDone: the address to go on at is that of the page
// after the last one whose items are all done.
func TestCursorIsCommittedWhenThePageIsDone(t *testing.T) {
	store := &memory{}
	var urls []string
	src := PageSource(first, NextNumber("page", func(p Page) (bool, error) { return strings.Contains(string(p.Body), "9"), nil }),
		Resume(store), Client(&http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			urls = append(urls, r.URL.String())
			n, _ := strconv.Atoi(r.URL.Query().Get("page"))
			n = max(1, n)
			rec := httptest.NewRecorder()
			_, _ = fmt.Fprintf(rec, "[%d,%d,%d]", 3*n-2, 3*n-1, 3*n)
			return rec.Result(), nil
		})}))
	run := func(broken int) (done []int, err error) {
		urls = nil
		decode := func(_ context.Context, b []byte) (vs []int, err error) {
			err = json.Unmarshal(b, &vs)
			return vs, err
		}
		err = delivery.Through(src, func(in turbopipes.Observable[delivery.Delivery[[]byte]]) turbopipes.Observable[delivery.Receipt] {
			return turbopipes.Pipe3(in, delivery.TryMap(decode), delivery.FlatMap(func(vs []int) []int { return vs }),
				delivery.Each(1, func(_ context.Context, d delivery.Delivery[int]) error {
					if d.Value == broken {
						return errBoom
					}
					done = append(done, d.Value)
					return nil
				}))
		}).Drain(t.Context())
		return done, err
	}
	done, err := run(5)
	require.ErrorIs(t, err, errBoom)
	require.Equal(t, []int{1, 2, 3, 4}, done)
	require.Equal(t, "http://api.test/users?limit=2&page=2", store.at)
	done, err = run(0)
	require.NoError(t, err)
	require.Equal(t, []int{4, 5, 6, 7, 8, 9}, done, "the page comes again, and not the one before")
	done, err = run(0)
	require.NoError(t, err)
	require.Equal(t, []int{7, 8, 9}, done, "the last page may have more items")
	store.at = ""
	require.NoError(t, delivery.Through(src, func(in turbopipes.Observable[delivery.Delivery[[]byte]]) turbopipes.Observable[delivery.Delivery[[]byte]] {
		return in
	}).Each(t.Context(), func(d delivery.Delivery[[]byte]) error {
		d.Nack(nil)
		return nil
	}))
	require.Empty(t, store.at, "a page that was nacked stays open")
	store.at = "http://api.test/users?page=3"
	_, err = run(0)
	require.NoError(t, err)
	u, err := url.Parse(urls[0])
	require.NoError(t, err)
	require.Equal(t, "3", u.Query().Get("page"))
}
