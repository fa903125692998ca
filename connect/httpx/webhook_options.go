package httpx

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/turbopipes/turbopipes/internal/opt"
)

// WebhookOption is an option of [NewWebhook].
type WebhookOption interface{ opt.Option[webhookSettings] }

type webhookSettings struct {
	verify   func(r *http.Request, body []byte) error
	id       func(r *http.Request, body []byte) string
	key      func(r *http.Request, body []byte) string
	remember int
	most     int64
	waiting  int           // 0: that of the session
	within   time.Duration // 0: no limit
	again    time.Duration
}

// Verify calls fn with each request, before it becomes an event: an error is answered
// with 401. fn runs on the goroutine of the request. [HMAC] makes such a function. A nil
// fn is an ErrInvalidArgument.
func Verify(fn func(r *http.Request, body []byte) error) WebhookOption {
	return opt.Func[webhookSettings](func(s *webhookSettings) string {
		s.verify = fn
		return opt.NotNil("Verify", "fn", fn == nil)
	})
}

// ErrSignature is for a request whose signature is not right.
var ErrSignature = errors.New("httpx: the signature is not that of the body")

// HMAC returns a function for [Verify] that wants the HMAC-SHA256 of the body, in hex and
// after prefix, in a header: HMAC("X-Hub-Signature-256", "sha256=", secret). The
// comparison takes the same time for each signature. It does not limit the age of a
// request: a request may be sent again by somebody who has seen it, see [IDBy].
func HMAC(header, prefix string, secret []byte) func(r *http.Request, body []byte) error {
	return func(r *http.Request, body []byte) error {
		text, ok := strings.CutPrefix(r.Header.Get(header), prefix)
		got, err := hex.DecodeString(text)
		if !ok || err != nil || len(secret) == 0 {
			return ErrSignature
		}
		m := hmac.New(sha256.New, secret)
		_, _ = m.Write(body) // it never fails
		if !hmac.Equal(m.Sum(nil), got) {
			return ErrSignature
		}
		return nil
	}
}

// IDBy sets the id of an event, such as the header of the sender for it. A request with
// the id of an event that is being processed waits for the same outcome. One with the id
// of an event that is done is answered at once, as long as the id is remembered: the last
// n ids are, in memory. An empty id is none. A nil fn and n < 1 are an
// ErrInvalidArgument.
func IDBy(n int, fn func(r *http.Request, body []byte) string) WebhookOption {
	return opt.Func[webhookSettings](func(s *webhookSettings) string {
		if s.remember, s.id = n, fn; fn == nil {
			return "IDBy: fn is nil"
		}
		return opt.AtLeast("IDBy", "n", n, 1)
	})
}

// KeyBy sets the key of each event: events with the same key stay in the order in
// which they have arrived. Without it, events have no key. A nil fn is an
// ErrInvalidArgument.
func KeyBy(fn func(r *http.Request, body []byte) string) WebhookOption {
	return opt.Func[webhookSettings](func(s *webhookSettings) string {
		s.key = fn
		return opt.NotNil("KeyBy", "fn", fn == nil)
	})
}

// MaxRequest bounds the bytes of a request's body: a longer one is answered with 413. The
// default is 1 MiB. n < 1 is an ErrInvalidArgument.
func MaxRequest(n int64) WebhookOption {
	return opt.Func[webhookSettings](func(s *webhookSettings) string {
		s.most = n
		return opt.AtLeast("MaxRequest", "n", n, 1)
	})
}

// MaxWaiting bounds the events that are not settled: a request beyond is answered with
// 503. The default is delivery.MaxUncommitted. k < 1 is an ErrInvalidArgument.
func MaxWaiting(k int) WebhookOption {
	return opt.Func[webhookSettings](func(s *webhookSettings) string {
		s.waiting = k
		return opt.AtLeast("MaxWaiting", "k", k, 1)
	})
}

// AnswerWithin answers 503 when an event is not settled within d. The event is processed
// all the same: with [IDBy], the sender's next try gets its outcome. Without it, a request
// waits as long as the event takes. d ≤ 0 is an ErrInvalidArgument.
func AnswerWithin(d time.Duration) WebhookOption {
	return opt.Func[webhookSettings](func(s *webhookSettings) string {
		s.within = d
		return opt.Positive("AnswerWithin", "d", d)
	})
}

// RetryAfter sets when a sender that got a 503 may try again. The default is 1 s. d < 1 s
// is an ErrInvalidArgument.
func RetryAfter(d time.Duration) WebhookOption {
	return opt.Func[webhookSettings](func(s *webhookSettings) string {
		if s.again = d; d < time.Second {
			return fmt.Sprintf("RetryAfter: d is %v, want at least 1s", d)
		}
		return ""
	})
}
