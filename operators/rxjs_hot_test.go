package operators_test

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

var rxjsHot = map[string]rxjsBuilder{
	"Subject":         {"Subject", func(w *rxjsWorld) rxjsStream { return w.fed(turbopipes.NewSubject[string]()) }},
	"BehaviorSubject": {"BehaviorSubject", func(w *rxjsWorld) rxjsStream { return w.fed(turbopipes.NewBehaviorSubject("z")) }},
	"ReplaySubject":   {"ReplaySubject", func(w *rxjsWorld) rxjsStream { return w.fed(turbopipes.NewReplaySubject[string](w.n("n"))) }},
	"AsyncSubject":    {"AsyncSubject", func(w *rxjsWorld) rxjsStream { return w.fed(turbopipes.NewAsyncSubject[string]()) }},
	"share":           {"Share", func(w *rxjsWorld) rxjsStream { return operators.Share[string]()(w.runs()) }},
	"ReplaySubject.ttl": {"ReplaySubject with WithTTL", func(w *rxjsWorld) rxjsStream {
		return w.fed(turbopipes.NewReplaySubject[string](w.n("n"), turbopipes.WithTTL(w.d("ttl"))))
	}},
	"share.grace": {"Share with WithGrace", func(w *rxjsWorld) rxjsStream {
		return operators.Share[string](turbopipes.WithGrace(w.d("grace")))(w.runs())
	}},
	"share.keep": {"Share with KeepOnComplete and KeepOnError", func(w *rxjsWorld) rxjsStream {
		return operators.Share[string](operators.KeepOnComplete(), operators.KeepOnError())(w.runs())
	}},
	"shareReplay.refCount": {"ShareReplay", func(w *rxjsWorld) rxjsStream { return operators.ShareReplay[string](w.n("n"))(w.runs()) }},
	"shareReplay":          {"ShareReplay", func(w *rxjsWorld) rxjsStream { return operators.ShareReplay[string](w.n("n"))(w.runs()) }},
	"connectable": {"Publish", func(w *rxjsWorld) rxjsStream {
		shared := turbopipes.Publish(w.src("a"))
		w.feeders = append(w.feeders, func(ctx context.Context) {
			time.Sleep(w.d("connect"))
			_ = shared.Connect(ctx).Wait()
		})
		return shared.Observable()
	}},
}

// subject has the methods that all subjects have.
type subject interface {
	Next(ctx context.Context, v string) error
	Complete()
	Fail(err error)
	Observable() rxjsStream
}

// fed sends the source a to a subject, with or without subscribers.
func (w *rxjsWorld) fed(s subject) rxjsStream {
	w.feeders = append(w.feeders, func(ctx context.Context) {
		err := w.src("a").Each(ctx, func(v string) error { return s.Next(ctx, v) })
		switch {
		case ctx.Err() != nil: // the source has no end
		case err != nil:
			s.Fail(err)
		default:
			s.Complete()
		}
	})
	return s.Observable()
}
