package files

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
)

// Lines emits the lines of the files that pattern matches, without their line ends. It
// completes at the end of the files, or waits there for more with [Follow].
//
// pattern is the name of a file, or a pattern as of filepath.Match whose elements each
// match in one directory: "/var/log/app/*.log". Files are read one after another, the
// oldest first, see [Interleaved]. Directories, and other things that are no regular
// files, are left out.
//
// With Follow, the files are looked at every so often, see [Poll]. A file that was renamed
// is read to its end, then the new one with its name, so that no line is lost at a
// rotation. A file that was truncated begins anew, see [Copies]. A file that is not there
// is waited for. A line that has no end yet waits, see [FlushPartial].
//
// A file that can't be read fails the stream; with Follow it is reported to [OnTrouble]
// and tried again. A line that is longer than [MaxRecord] fails the stream with an
// [ErrTooLong]. An empty or bad pattern is an ErrInvalidArgument. Each subscription reads
// anew, and has no memory of where the last one was: that is [Source]. Memory: one line
// and 64 KiB. Goroutines: none; it runs on its subscriber's.
func Lines(pattern string, opts ...ReadOption) turbopipes.Observable[string] {
	return records("files.Lines", pattern, opts, cutLine, false, func(b []byte) (string, error) { return string(b), nil })
}

// JSON is [Lines] with a JSON value in each line. Empty lines are left out. A line that
// can't be decoded fails the stream.
func JSON[T any](pattern string, opts ...ReadOption) turbopipes.Observable[T] {
	return records("files.JSON", pattern, opts, cutLine, true, func(b []byte) (v T, err error) {
		err = json.Unmarshal(b, &v)
		return v, err
	})
}

// CSV is [Lines] with CSV records. A quoted field may have line ends. Empty lines are
// left out. comma separates the fields. A record that is no CSV fails the stream. Records
// may have different numbers of fields.
func CSV(pattern string, comma rune, opts ...ReadOption) turbopipes.Observable[[]string] {
	if badComma(comma) {
		return turbopipes.Throw[[]string](fault.Invalid("files.CSV", fmt.Sprintf("comma is %q, want a character that is neither a quote nor a line end", comma)))
	}
	return records("files.CSV", pattern, opts, cutCSV(comma), true, CSVCodec(comma).Decode)
}

// CSVCodec is the codec of one CSV record, for delivery.Decoding.
func CSVCodec(comma rune) turbopipes.Codec[[]string] {
	return turbopipes.Codec[[]string]{
		Encode: func(fields []string) ([]byte, error) {
			var out bytes.Buffer
			w := csv.NewWriter(&out)
			w.Comma = comma
			if err := w.Write(fields); err != nil {
				return nil, err
			}
			w.Flush()
			return bytes.TrimSuffix(out.Bytes(), []byte("\n")), w.Error()
		},
		Decode: func(b []byte) ([]string, error) {
			r := csv.NewReader(bytes.NewReader(b))
			r.Comma, r.FieldsPerRecord = comma, -1
			return r.Read()
		},
	}
}

func records[T any](name, pattern string, opts []ReadOption, cut cutter, noEmpty bool, decode func([]byte) (T, error)) turbopipes.Observable[T] {
	s := defaults()
	s.cut, s.csv = cut, noEmpty
	s, bad := gather(s, pattern, opts)
	if bad != "" {
		return turbopipes.Throw[T](fault.Invalid(name, bad))
	}
	return turbopipes.Create(func(ctx context.Context, emit func(T) bool) (err error) {
		w := newFollower(pattern, s)
		if err := w.check(); err != nil {
			return err
		}
		w.emit = func(f *file, r record) verdict {
			v, bad := decode(r.value)
			if bad != nil {
				err = fmt.Errorf("%s: %s at %d: %w", name, f.path, r.start, bad)
				return refused
			}
			if !emit(v) {
				return refused
			}
			return taken
		}
		ended := w.run(ctx)
		if err == nil {
			err = ended
		}
		return err
	})
}
