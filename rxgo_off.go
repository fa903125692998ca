//go:build turbopipes_norx

package turbopipes

// rxView takes the place of the embedded rxgo view in a build without RxGo. It
// has no methods.
type rxView struct {
	part  bool // the stream is a part of another stream; see [Observable.LetGo]
	ready bool // the stream never waits
}

func viewOf[T any](Source[T]) rxView { return rxView{} }

func viewOfPart[T any](Source[T]) rxView { return rxView{part: true} }

func viewOfReady[T any](Source[T]) rxView { return rxView{ready: true} }

// isReady reports whether o is a stream that never waits.
func isReady[T any](o Observable[T]) bool { return o.ready }

// isPart reports whether o is a part of another stream.
func isPart[T any](o Observable[T]) bool { return o.part }
