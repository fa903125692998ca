package files

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/turbopipes/turbopipes/internal/opt"
)

// ReadOption is an option of [Lines], [JSON] and [CSV].
type ReadOption interface {
	opt.Option[settings]
	interface{ read() }
}

// SourceOption is an option of [Source].
type SourceOption interface {
	opt.Option[settings]
	interface{ source() }
}

// Setting is an option of everything that reads files.
type Setting struct {
	opt.Func[settings]
	forRead
	forSource
}

// ReadSetting is an option of [Lines], [JSON] and [CSV] only.
type ReadSetting struct {
	opt.Func[settings]
	forRead
}

// SourceSetting is an option of [Source] only.
type SourceSetting struct {
	opt.Func[settings]
	forSource
}

type (
	forRead   struct{}
	forSource struct{}
)

func (forRead) read()     {}
func (forSource) source() {}

var (
	_ = forRead.read // only through embedding
	_ = forSource.source
)

// Trouble is what [OnTrouble] reports.
type Trouble struct {
	Path   string // of the file, or of its directory
	Offset int64  // up to which the file was read
	Err    error
}

type settings struct {
	follow      bool
	fromEnd     bool
	interleaved bool
	poll        time.Duration
	linger      time.Duration
	flush       time.Duration // 0: a last line without a line end waits
	commit      time.Duration
	header      int
	most        int // bytes of a record
	cutLong     bool
	maxOpen     int
	exclude     []string
	copies      string
	position    string // the file of a Source that has the position
	cut         cutter
	csv         bool
	trouble     func(Trouble)
	key         func([]byte) string
}

func defaults() settings {
	return settings{
		poll: 250 * time.Millisecond, linger: 5 * time.Second, commit: time.Second,
		most: 1 << 20, maxOpen: 128, cut: cutLine, trouble: logTrouble, key: func([]byte) string { return "" },
	}
}

func logTrouble(t Trouble) {
	slog.Warn("files: trouble with a file", "path", t.Path, "offset", t.Offset, "error", t.Err)
}

// gather returns the settings that opts make of s.
func gather[O opt.Option[settings]](s settings, pattern string, opts []O) (_ settings, bad string) {
	s, bad = opt.Gather(s, opts)
	switch {
	case bad != "":
		return s, bad
	case pattern == "":
		return s, "pattern is empty"
	}
	return s, checkPattern(pattern)
}

func checkPattern(pattern string) (bad string) {
	if _, err := filepath.Match(pattern, ""); err != nil {
		return fmt.Sprintf("pattern is %q: %v", pattern, err)
	}
	return ""
}

// Follow makes [Lines], [JSON] and [CSV] go on at the end of the files: they wait for
// more lines, and for more files. A [Source] always follows, but for [Once].
func Follow() ReadSetting {
	return ReadSetting{Func: func(s *settings) string { s.follow = true; return "" }}
}

// Once makes a [Source] end when it has read the files that are there to their ends.
func Once() SourceSetting {
	return SourceSetting{Func: func(s *settings) string { s.follow = false; return "" }}
}

// FromEnd leaves out the lines that are in the files at the first start: reading begins
// at the next line. A [Source] that finds a position goes on there.
func FromEnd() Setting {
	return Setting{Func: func(s *settings) string { s.fromEnd = true; return "" }}
}

// Interleaved reads the files in turns. Without it, a file begins when the file before it
// has been read to its end, the oldest first, so that the order holds over a rotation.
func Interleaved() Setting {
	return Setting{Func: func(s *settings) string { s.interleaved = true; return "" }}
}

// Poll sets how often the files are looked at. The default is 250 ms. every ≤ 0 is an
// ErrInvalidArgument.
func Poll(every time.Duration) Setting {
	return Setting{Func: func(s *settings) string {
		s.poll = every
		return opt.Positive("Poll", "every", every)
	}}
}

// Linger sets how long a file that was renamed or removed is still read after it last grew:
// its writer may still have it open. The default is 5 s. quiet < 0 is an
// ErrInvalidArgument.
func Linger(quiet time.Duration) Setting {
	return Setting{Func: func(s *settings) string {
		s.linger = quiet
		return opt.NotNegative("Linger", "quiet", quiet)
	}}
}

// FlushPartial emits a last line without a line end when the file has not grown for the
// time quiet. If the line goes on afterwards, the rest is a line of its own. Without it,
// such a line waits for its end, or for the end of the file: a rotation, or [Once].
// quiet ≤ 0 is an ErrInvalidArgument.
func FlushPartial(quiet time.Duration) Setting {
	return Setting{Func: func(s *settings) string {
		s.flush = quiet
		return opt.Positive("FlushPartial", "quiet", quiet)
	}}
}

// CommitEvery sets how long a [Source] waits before it writes the position. It does not
// wait when half of delivery.MaxUncommitted is done. The default is 1 s. every ≤ 0 is an
// ErrInvalidArgument.
func CommitEvery(every time.Duration) SourceSetting {
	return SourceSetting{Func: func(s *settings) string {
		s.commit = every
		return opt.Positive("CommitEvery", "every", every)
	}}
}

// SkipHeader leaves out the first n records of each file. n < 0 is an
// ErrInvalidArgument.
func SkipHeader(n int) Setting {
	return Setting{Func: func(s *settings) string {
		s.header = n
		return opt.AtLeast("SkipHeader", "n", n, 0)
	}}
}

// MaxRecord bounds the bytes of a record. The default is 1 MiB. A longer record fails the
// stream with an [ErrTooLong], unless [CutLong] is set. n < 1 is an ErrInvalidArgument.
func MaxRecord(n int) Setting {
	return Setting{Func: func(s *settings) string {
		s.most = n
		return opt.AtLeast("MaxRecord", "n", n, 1)
	}}
}

// CutLong emits the first bytes of a record that is longer than [MaxRecord], and leaves
// out the rest up to the next line end. Such an event of a [Source] has a header
// "length", the bytes that the record has.
func CutLong() Setting {
	return Setting{Func: func(s *settings) string { s.cutLong = true; return "" }}
}

// MaxOpen bounds how many files are open at once. The default is 128. n < 1 is an
// ErrInvalidArgument.
func MaxOpen(n int) Setting {
	return Setting{Func: func(s *settings) string {
		s.maxOpen = n
		return opt.AtLeast("MaxOpen", "n", n, 1)
	}}
}

// Exclude leaves out files whose base name matches one of patterns, as of
// filepath.Match: "*.gz". A bad pattern is an ErrInvalidArgument.
func Exclude(patterns ...string) Setting {
	return Setting{Func: func(s *settings) string {
		s.exclude = slices.Clone(patterns)
		for _, p := range patterns {
			if bad := checkPattern(p); bad != "" {
				return "Exclude: " + bad
			}
		}
		return ""
	}}
}

// Copies says where a rotator that copies a file and truncates it then (copytruncate)
// puts the copies: "/var/log/app.log.*". After a truncation, the rest of the old content
// is read from the copy, that is, the file that begins with the same bytes, and has the
// last record at the same place. Content is found only if some of it was seen before the
// truncation. After two truncations between two looks, or while no session runs, the lines
// that were written between them are lost. A bad pattern is an ErrInvalidArgument.
func Copies(pattern string) Setting {
	return Setting{Func: func(s *settings) string {
		s.copies = pattern
		bad := checkPattern(pattern)
		switch {
		case pattern == "":
			return "Copies: pattern is empty"
		case bad != "":
			return "Copies: " + bad
		}
		return ""
	}}
}

// OnTrouble calls fn for each file that can't be read now, and is tried again, for each
// file that has gone before it was read to its end, and for a position that can't be
// written, as on a full disk. fn may run on two goroutines at once: that which reads, and
// that which commits. The default writes to package slog. A nil fn is an ErrInvalidArgument.
func OnTrouble(fn func(Trouble)) Setting {
	return Setting{Func: func(s *settings) string {
		s.trouble = fn
		return opt.NotNil("OnTrouble", "fn", fn == nil)
	}}
}

// KeyBy sets the key of each event of a [Source]: events with the same key stay in order.
// Without it, events have no key, and no order is kept. fn must not keep or change the
// record. A nil fn is an ErrInvalidArgument.
func KeyBy(fn func(record []byte) string) SourceSetting {
	return SourceSetting{Func: func(s *settings) string {
		s.key = fn
		return opt.NotNil("KeyBy", "fn", fn == nil)
	}}
}

// AsCSV makes the records of a [Source] those of CSV: a quoted field may have line ends,
// and empty lines are left out. comma separates the fields. [CSVCodec] decodes such a
// record. A comma that is a quote, a line end or no character is an ErrInvalidArgument.
func AsCSV(comma rune) SourceSetting {
	return SourceSetting{Func: func(s *settings) string {
		s.csv, s.cut = true, cutCSV(comma)
		if badComma(comma) {
			return fmt.Sprintf("AsCSV: comma is %q, want a character that is neither a quote nor a line end", comma)
		}
		return ""
	}}
}

func badComma(r rune) bool {
	return r == 0 || r == '"' || r == '\r' || r == '\n' || !utf8.ValidRune(r) || r == utf8.RuneError
}
