//go:build turbopipes_norx

package turbopipes

// rxView takes the place of the embedded rxgo view in a build without RxGo. It
// has no methods.
type rxView struct {
	part bool // the stream is a part of another stream; see [Observable.LetGo]
}

func viewOf[T any](Source[T]) rxView { return rxView{} }

func viewOfPart[T any](Source[T]) rxView { return rxView{part: true} }

// isPart reports whether o is a part of another stream.
func isPart[T any](o Observable[T]) bool { return o.part }
