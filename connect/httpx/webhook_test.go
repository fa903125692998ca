package httpx

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
)

func byHeader(name string) func(r *http.Request, _ []byte) string {
	return func(r *http.Request, _ []byte) string { return r.Header.Get(name) }
}

// sent is a request that may be answered.
type sent struct {
	*httptest.ResponseRecorder
	cancel context.CancelFunc
	done   chan struct{}
}

// post sends a request, and waits until it is answered or waits.
func post(t *testing.T, h http.Handler, id, body string) *sent {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/hook", strings.NewReader(body))
	r.Header.Set("Id", id)
	r.Header.Set("Authorization", "secret")
	s := &sent{httptest.NewRecorder(), cancel, make(chan struct{})}
	go func() {
		defer close(s.done)
		h.ServeHTTP(s, r)
	}()
	t.Cleanup(func() { cancel(); <-s.done })
	synctest.Wait()
	return s
}

// answered returns the status, or 0 while the request waits.
func (s *sent) answered() int {
	synctest.Wait()
	select {
	case <-s.done:
		return s.Code
	default:
		return 0
	}
}

// consumer runs a pipeline whose events wait for an outcome.
type consumer struct {
	*turbopipes.Subscription
	mu    sync.Mutex
	open  map[string]chan error
	infos []delivery.Info
}

func consume(t *testing.T, h *Webhook, opts ...delivery.Option) *consumer {
	t.Helper()
	c := &consumer{open: map[string]chan error{}}
	c.Subscription = delivery.Process(h, 10, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
		end := make(chan error, 1)
		c.mu.Lock()
		c.open[string(d.Value)] = end
		c.infos = append(c.infos, d.Info())
		c.mu.Unlock()
		select {
		case err := <-end:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}, opts...).Subscribe(t.Context(), turbopipes.Observer[delivery.Receipt]{})
	t.Cleanup(c.Dispose)
	synctest.Wait()
	return c
}

func (c *consumer) end(t *testing.T, body string, err error) {
	t.Helper()
	c.mu.Lock()
	end := c.open[body]
	c.mu.Unlock()
	require.NotNil(t, end, "%s did not come", body)
	end <- err
	synctest.Wait()
}

func TestWebhook(t *testing.T) {
	bubble(t, "answers when the event is settled", func(t *testing.T) {
		h := NewWebhook(IDBy(10, byHeader("Id")))
		c := consume(t, h)
		a := post(t, h, "1", "a")
		time.Sleep(time.Hour)
		require.Zero(t, a.answered())
		require.Equal(t, WebhookStats{Open: 1, Accepted: 1}, h.Stats())
		c.end(t, "a", nil)
		require.Equal(t, http.StatusNoContent, a.answered())
		require.Equal(t, WebhookStats{Accepted: 1, Done: 1}, h.Stats())
		require.Equal(t, "/hook", c.infos[0].Source)
		require.Equal(t, "1", c.infos[0].ID)
		require.Equal(t, "1", c.infos[0].Headers.Get("Id"))
		require.Empty(t, c.infos[0].Headers.Get("Authorization"))
	})
	bubble(t, "503 when it is full", func(t *testing.T) {
		h := NewWebhook(MaxWaiting(2), RetryAfter(7*time.Second))
		c := consume(t, h)
		a, b := post(t, h, "", "a"), post(t, h, "", "b")
		full := post(t, h, "", "c")
		require.Equal(t, http.StatusServiceUnavailable, full.answered())
		require.Equal(t, "7", full.Header().Get("Retry-After"))
		c.end(t, "a", nil)
		require.Equal(t, http.StatusNoContent, a.answered())
		require.Zero(t, post(t, h, "", "c").answered())
		require.Zero(t, b.answered())
		require.EqualValues(t, 1, h.Stats().Refused)
	})
	bubble(t, "503 without a pipeline", func(t *testing.T) {
		h := NewWebhook()
		require.Equal(t, http.StatusServiceUnavailable, post(t, h, "", "a").answered())
		c := consume(t, h)
		a := post(t, h, "", "a")
		c.Dispose()
		require.Equal(t, http.StatusServiceUnavailable, a.answered())
		require.Equal(t, http.StatusServiceUnavailable, post(t, h, "", "a").answered())
	})
	bubble(t, "a stop finishes what has begun", func(t *testing.T) {
		h := NewWebhook()
		c := consume(t, h, delivery.Ahead(0))
		a := post(t, h, "", "a")
		stopped := make(chan error)
		go func() { stopped <- c.Stop(t.Context()) }()
		synctest.Wait()
		require.Equal(t, http.StatusServiceUnavailable, post(t, h, "", "b").answered())
		c.end(t, "a", nil)
		require.NoError(t, <-stopped)
		require.Equal(t, http.StatusNoContent, a.answered())
	})
	bubble(t, "503 after a failure, and the stream fails", func(t *testing.T) {
		h := NewWebhook(IDBy(10, byHeader("Id")))
		c := consume(t, h)
		a := post(t, h, "1", "a")
		c.end(t, "a", errBoom)
		require.ErrorIs(t, c.Wait(), errBoom)
		require.Equal(t, http.StatusServiceUnavailable, a.answered())
		require.NotContains(t, a.Body.String(), "boom", "it is not for the sender")
		c = consume(t, h)
		a = post(t, h, "1", "a")
		c.end(t, "a", nil)
		require.Equal(t, http.StatusNoContent, a.answered())
	})
	bubble(t, "503 when it is requeued, and the delay", func(t *testing.T) {
		h := NewWebhook()
		c := consume(t, h, delivery.Unordered(), delivery.Requeue(func(delivery.Info, error) time.Duration { return time.Minute }))
		a := post(t, h, "", "a")
		c.end(t, "a", errBoom)
		require.Equal(t, http.StatusServiceUnavailable, a.answered())
		require.Equal(t, "60", a.Header().Get("Retry-After"))
	})
	bubble(t, "204 when it is dead-lettered", func(t *testing.T) {
		h := NewWebhook()
		c := consume(t, h, delivery.DeadLetter(func(context.Context, delivery.Dead[[]byte]) error { return nil }))
		a := post(t, h, "", "a")
		c.end(t, "a", errBoom)
		require.Equal(t, http.StatusNoContent, a.answered())
	})
	bubble(t, "a sender that has gone", func(t *testing.T) {
		h := NewWebhook(IDBy(10, byHeader("Id")))
		c := consume(t, h)
		a := post(t, h, "1", "a")
		a.cancel()
		<-a.done
		again := post(t, h, "1", "a")
		require.Zero(t, again.answered(), "the event is there")
		c.end(t, "a", nil)
		require.Equal(t, http.StatusNoContent, again.answered())
	})
	bubble(t, "an answer within a time", func(t *testing.T) {
		h := NewWebhook(IDBy(10, byHeader("Id")), AnswerWithin(5*time.Second))
		c := consume(t, h)
		a := post(t, h, "1", "a")
		time.Sleep(6 * time.Second)
		require.Equal(t, http.StatusServiceUnavailable, a.answered())
		c.end(t, "a", nil)
		require.Equal(t, http.StatusNoContent, post(t, h, "1", "a").answered())
		require.EqualValues(t, 1, h.Stats().Accepted)
	})
	bubble(t, "one pipeline at a time", func(t *testing.T) {
		h := NewWebhook()
		consume(t, h)
		err := delivery.Process(h, 1, func(context.Context, delivery.Delivery[[]byte]) error { return nil }).Drain(t.Context())
		require.ErrorIs(t, err, delivery.ErrFenced)
	})
}

func TestDuplicates(t *testing.T) {
	bubble(t, "of an event that is being processed", func(t *testing.T) {
		h := NewWebhook(IDBy(10, byHeader("Id")), MaxWaiting(1))
		c := consume(t, h)
		a, b := post(t, h, "1", "a"), post(t, h, "1", "a")
		require.Zero(t, b.answered())
		require.Equal(t, http.StatusServiceUnavailable, post(t, h, "1", "a").answered(), "there is a bound on those that wait")
		c.end(t, "a", nil)
		require.Equal(t, http.StatusNoContent, a.answered())
		require.Equal(t, http.StatusNoContent, b.answered())
		require.Len(t, c.infos, 1)
		require.EqualValues(t, 1, h.Stats().Duplicate)
	})
	bubble(t, "of an event that is done, for a while", func(t *testing.T) {
		h := NewWebhook(IDBy(2, byHeader("Id")))
		c := consume(t, h)
		for _, id := range []string{"1", "2", "3"} {
			post(t, h, id, id)
			c.end(t, id, nil)
		}
		require.Equal(t, http.StatusNoContent, post(t, h, "2", "2").answered())
		require.Equal(t, http.StatusNoContent, post(t, h, "3", "3").answered())
		require.Zero(t, post(t, h, "1", "1").answered(), "it was forgotten")
		require.Len(t, h.done, 2)
		c.Dispose()
		require.Equal(t, http.StatusNoContent, post(t, h, "3", "3").answered(), "also without a pipeline")
	})
	bubble(t, "not of an event that has failed", func(t *testing.T) {
		h := NewWebhook(IDBy(2, byHeader("Id")))
		c := consume(t, h, delivery.Unordered(), delivery.Requeue(func(delivery.Info, error) time.Duration { return 0 }))
		post(t, h, "1", "a")
		c.end(t, "a", errBoom)
		post(t, h, "1", "a")
		require.Len(t, c.infos, 2)
	})
}

func TestRequestsThatAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		secret := []byte("key")
		h := NewWebhook(MaxRequest(3), Verify(HMAC("Signature", "sha256=", secret)), IDBy(5, byHeader("Id")))
		consume(t, h)
		send := func(method, signature string, body io.Reader) int {
			r := httptest.NewRequest(method, "/", body)
			r.Header.Set("Signature", signature)
			r.Header.Set("Id", "1")
			rec := httptest.NewRecorder()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second) // the right one waits
			defer cancel()
			h.ServeHTTP(rec, r.WithContext(ctx))
			return rec.Code
		}
		m := hmac.New(sha256.New, secret)
		_, _ = m.Write([]byte("abc"))
		good := "sha256=" + hex.EncodeToString(m.Sum(nil))
		require.Equal(t, http.StatusMethodNotAllowed, send(http.MethodGet, good, nil))
		require.Equal(t, http.StatusRequestEntityTooLarge, send(http.MethodPost, good, strings.NewReader("abcd")))
		require.Equal(t, http.StatusBadRequest, send(http.MethodPost, good, io.MultiReader(strings.NewReader("a"), broken{})))
		for _, bad := range []string{"", "sha256=", "sha256=00", "sha256=x", good[7:], strings.Replace(good, "sha256=", "sha1=", 1)} {
			require.Equal(t, http.StatusUnauthorized, send(http.MethodPost, bad, strings.NewReader("abc")), bad)
		}
		require.Equal(t, http.StatusUnauthorized, send(http.MethodPost, good, strings.NewReader("abd")))
		require.Zero(t, h.Stats().Accepted)
		send(http.MethodPost, good, strings.NewReader("abc"))
		require.EqualValues(t, 1, h.Stats().Accepted)
		require.ErrorIs(t, HMAC("Signature", "", nil)(httptest.NewRequest(http.MethodPost, "/", nil), nil), ErrSignature)
	})
	for want, o := range map[string]WebhookOption{
		"Verify: fn is nil":                       Verify(nil),
		"IDBy: fn is nil":                         IDBy(1, nil),
		"IDBy: n is 0, want at least 1":           IDBy(0, byHeader("")),
		"KeyBy: fn is nil":                        KeyBy(nil),
		"MaxRequest: n is 0, want at least 1":     MaxRequest(0),
		"MaxWaiting: k is 0, want at least 1":     MaxWaiting(0),
		"AnswerWithin: d is 0s, want more than 0": AnswerWithin(0),
		"RetryAfter: d is 1ms, want at least 1s":  RetryAfter(time.Millisecond),
	} {
		h := NewWebhook(o)
		err := delivery.Process(h, 1, func(context.Context, delivery.Delivery[[]byte]) error { return nil }).Drain(t.Context())
		require.EqualError(t, err, "turbopipes: invalid argument: httpx.NewWebhook: "+want)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, "/", nil))
		require.Equal(t, http.StatusInternalServerError, rec.Code)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("cut") }
