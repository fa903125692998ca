//go:build turbopipes_norx

package chaos

// rxSources and rxOps are empty in a build without RxGo.
var rxSources []string

func rxOps() map[string]*op { return nil }

func fromRx(in stream) stream { return in }
