package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/examples/internal/command"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tree makes files in a new directory, from their names and contents.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	for name, content := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o666))
	}
	return dir
}

var some = map[string]string{
	"a.go":           "package a",
	"b/b.go":         "package b",
	"b/c/README":     "read me",
	"b/c/big.bin":    strings.Repeat("0123456789", 100_000),
	"empty.TXT":      "",
	"odd \\ name\n.": "odd",
	"z/\x1b[31mred":  "red",
}

// quickstart runs the whole command.
func quickstart(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), &command.Command{Name: "quickstart", Args: args, Stdout: &out, Stderr: &errs, Signals: make(chan os.Signal)})
	return status, out.String(), errs.String()
}

func TestHashes(t *testing.T) {
	dir := tree(t, some)
	sums := filepath.Join(t.TempDir(), "sums")
	status, stdout, stderr := quickstart(t, "-n", "3", "-o", sums, dir)
	require.Zero(t, status, stderr)

	var want []string
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		mark := ""
		if strings.ContainsAny(name, "\\\n") {
			mark, name = `\`, strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(name)
		}
		want = append(want, fmt.Sprintf("%s%x  %s\n", mark, sha256.Sum256([]byte(some[filepath.ToSlash(must(t, dir, path))])), name))
		return err
	}))
	got, err := os.ReadFile(sums)
	require.NoError(t, err)
	slices.SortFunc(want, func(a, b string) int {
		return strings.Compare(strings.TrimPrefix(a, `\`)[64:], strings.TrimPrefix(b, `\`)[64:])
	})
	require.Equal(t, strings.Join(want, ""), string(got))

	require.Contains(t, stdout, "7 files, 1.0 MB, below "+dir)
	require.Contains(t, stdout, ".go                  2        18 B")
	require.Contains(t, stdout, ".txt                 1         0 B")
	require.Contains(t, stdout, "times as fast")
	require.NotContains(t, stdout, "\x1b", "a name upsets the terminal")
	require.NotContains(t, stderr, "\x1b", "not a terminal")
	require.Contains(t, stderr, "100%  7 of 7 files, 1.0 MB of 1.0 MB")

	if _, err := exec.LookPath("sha256sum"); err != nil {
		t.Skip("no sha256sum")
	}
	check := exec.CommandContext(t.Context(), "sha256sum", "-c", "--strict", "--quiet", sums)
	check.Dir = dir
	out, err := check.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func must(t *testing.T, dir, path string) string {
	t.Helper()
	name, err := filepath.Rel(dir, path)
	require.NoError(t, err)
	return name
}

func TestOneAtATimeIsNotCompared(t *testing.T) {
	status, stdout, _ := quickstart(t, "-n", "1", tree(t, some))
	require.Zero(t, status)
	require.NotContains(t, stdout, "times as fast")
}

func TestBadArguments(t *testing.T) {
	dir := tree(t, map[string]string{"file": "1", "full/file": ""})
	require.NoError(t, os.Symlink("loop", filepath.Join(dir, "loop")))
	for name, c := range map[string]struct {
		args   []string
		want   string
		misuse bool
	}{
		"no such directory":        {args: []string{dir + "/nowhere"}, want: "quickstart: directory " + dir + "/nowhere: no such file or directory\n"},
		"a file":                   {args: []string{dir + "/file"}, want: "file is not a directory\n"},
		"a loop of links":          {args: []string{dir + "/loop"}, want: "too many links"},
		"two directories":          {args: []string{dir, dir}, want: "quickstart: too many arguments: [", misuse: true},
		"none at a time":           {args: []string{"-n", "0", dir}, want: "quickstart: -n 0: at least 1 file must be hashed at a time\n", misuse: true},
		"fewer than none":          {args: []string{"-n", "-3", dir}, want: "-n -3: at least 1", misuse: true},
		"no number":                {args: []string{"-n", "x", dir}, want: "invalid value", misuse: true},
		"unknown flag":             {args: []string{"-x"}, want: "flag provided but not defined", misuse: true},
		"output in no directory":   {args: []string{"-o", dir + "/no/sums", dir}, want: "quickstart: -o " + dir + "/no/sums: no such file or directory\n"},
		"output in a file":         {args: []string{"-o", dir + "/file/sums", dir}, want: "not a directory\n"},
		"output is a directory":    {args: []string{"-o", dir + "/full", dir}, want: "is a directory\n"},
		"output is a loop of link": {args: []string{"-o", dir + "/loop/sums", dir}, want: "too many"},
	} {
		t.Run(name, func(t *testing.T) {
			status, stdout, stderr := quickstart(t, c.args...)
			if c.misuse {
				require.Equal(t, 2, status)
				require.Contains(t, stderr, "usage: quickstart")
			} else {
				require.Equal(t, 1, status)
			}
			require.Empty(t, stdout)
			require.Contains(t, stderr, c.want)
		})
	}
}

func TestHelp(t *testing.T) {
	status, _, stderr := quickstart(t, "--help")
	require.Equal(t, 2, status)
	require.Contains(t, stderr, "usage: quickstart [-n N] [-o FILE] [DIR]")
}

// jobOver returns a job over dir, and its output.
func jobOver(t *testing.T, dir string, args ...string) *job {
	t.Helper()
	j, err := parse(t.Context(), &command.Command{Name: "quickstart", Args: append(args, dir), Stderr: io.Discard})
	require.NoError(t, err)
	return j
}

func TestUnreadableFilesAreReported(t *testing.T) {
	dir := tree(t, some)
	sums := filepath.Join(t.TempDir(), "sums")
	j := jobOver(t, dir, "-n", "2", "-o", sums)
	j.hash = func(ctx context.Context, f found) (sum, error) {
		switch filepath.Base(f.path) {
		case "a.go": // the file vanishes between the walk and the task
			f.path += ".gone"
		case "b.go": // a directory takes the place of the file
			f.path = filepath.Dir(f.path)
		case "README":
			return sum{found: f}, &fs.PathError{Op: "open", Path: f.path, Err: fs.ErrPermission}
		case "big.bin":
			panic("out of luck")
		}
		return j.hashFile(ctx, f)
	}
	var stdout, stderr bytes.Buffer
	err := j.do(t.Context(), nil, &stdout, &stderr)
	require.EqualError(t, err, "4 could not be read")
	require.Contains(t, stdout.String(), "3 files, 6 B, below ")
	for _, want := range []string{
		"can't read a.go: no such file or directory\n", "can't read b/b.go: is a directory\n",
		"can't read b/c/README: permission denied\n", "can't read b/c/big.bin: turbopipes: panic: out of luck",
	} {
		require.Contains(t, stderr.String(), "quickstart: "+want)
	}
	written, err := os.ReadFile(sums)
	require.NoError(t, err)
	require.Equal(t, 3, bytes.Count(written, []byte("\n")))
}

func TestUnreadableDirectoryIsReported(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read everything")
	}
	dir := tree(t, some)
	require.NoError(t, os.Chmod(filepath.Join(dir, "b"), 0))
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "b"), 0o777) })
	status, _, stderr := quickstart(t, dir)
	require.Equal(t, 1, status)
	require.Contains(t, stderr, "can't read b: permission denied")
}

func TestOutput(t *testing.T) {
	t.Run("below the directory, and again", func(t *testing.T) {
		dir := tree(t, some)
		out := filepath.Join(dir, "SUMS")
		_, _, stderr := quickstart(t, "-o", out, dir)
		first, err := os.ReadFile(out)
		require.NoError(t, err, stderr)
		_, stdout, _ := quickstart(t, "-o", out, dir)
		second, err := os.ReadFile(out)
		require.NoError(t, err)
		require.Equal(t, string(first), string(second))
		require.Contains(t, stdout, "skipped: output: 2")
		left, err := filepath.Glob(out + ".*")
		require.NoError(t, err)
		require.Empty(t, left)
	})
	t.Run("a link stays one", func(t *testing.T) {
		dir, to := tree(t, some), t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(to, "sums"), []byte("old"), 0o600))
		require.NoError(t, os.Symlink("sums", filepath.Join(to, "link")))
		status, _, stderr := quickstart(t, "-o", filepath.Join(to, "link"), dir)
		require.Zero(t, status, stderr)
		info, err := os.Lstat(filepath.Join(to, "sums"))
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode())
		require.Greater(t, info.Size(), int64(100))
	})
	t.Run("disk full", func(t *testing.T) {
		if runtime.GOOS != "linux" {
			t.Skip("no /dev/full")
		}
		dir := tree(t, some)
		status, stdout, stderr := quickstart(t, "-o", "/dev/full", dir)
		require.Equal(t, 1, status)
		require.Empty(t, stdout)
		require.Contains(t, stderr, "quickstart: -o /dev/full: no space left on device\n")
		info, err := os.Stat("/dev/full")
		require.NoError(t, err)
		require.NotZero(t, info.Mode()&fs.ModeDevice, "it was renamed over")
	})
}

type closedPipe struct{}

func (closedPipe) Write([]byte) (int, error) {
	return 0, &fs.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}
}

func TestClosedPipe(t *testing.T) {
	out := filepath.Join(t.TempDir(), "sums")
	var stderr bytes.Buffer
	c := &command.Command{Name: "quickstart", Args: []string{"-o", out, tree(t, some)}, Stdout: closedPipe{}, Stderr: &stderr, Signals: make(chan os.Signal)}
	require.Zero(t, run(t.Context(), c))
	require.NotContains(t, stderr.String(), "pipe")
	require.FileExists(t, out)
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// The tasks wait until they are stopped.
func TestInterrupt(t *testing.T) {
	files := map[string]string{}
	for i := range 100 {
		files[fmt.Sprintf("%02d", i)] = "x"
	}
	type outcome struct {
		stdout, stderr, sums, partial string
		began                         int64
		err                           error
	}
	begin := func(t *testing.T, signals int) (o outcome) {
		t.Helper()
		out := filepath.Join(t.TempDir(), "sums")
		require.NoError(t, os.WriteFile(out, []byte("as it was"), 0o600))
		goOn := make(chan struct{})
		j := jobOver(t, tree(t, files), "-n", "4", "-o", out)
		var tasks atomic.Int64
		ctx, kill := context.WithCancelCause(t.Context())
		defer kill(nil)
		stop := make(chan struct{})
		full := make(chan struct{})
		j.hash = func(ctx context.Context, f found) (sum, error) {
			if tasks.Add(1) == 4 {
				close(full)
			}
			select {
			case <-goOn:
				return j.hashFile(ctx, f)
			case <-ctx.Done():
				return sum{}, context.Cause(ctx)
			}
		}
		go func() {
			<-full
			close(stop)
		}()
		var stdout, stderr bytes.Buffer
		o.err = j.do(ctx, stop, &stdout, writerFunc(func(p []byte) (int, error) {
			switch {
			case !bytes.Contains(p, []byte("stopping")): // just before the Stop
			case signals == 1:
				time.AfterFunc(100*time.Millisecond, func() { close(goOn) })
			default:
				kill(tp.ErrInterrupted)
			}
			return stderr.Write(p)
		}))
		read := func(name string) string {
			text, _ := os.ReadFile(name)
			return string(text)
		}
		o.stdout, o.stderr, o.sums, o.partial, o.began = stdout.String(), stderr.String(), read(out), read(out+".partial"), tasks.Load()
		left, _ := filepath.Glob(out + ".*.tmp")
		require.Empty(t, left)
		return o
	}

	t.Run("once", func(t *testing.T) {
		o := begin(t, 1)
		require.ErrorContains(t, o.err, "interrupted: ")
		require.ErrorContains(t, o.err, fmt.Sprintf("sums.partial is partial, with %d sums", o.began))
		require.Contains(t, o.stderr, "stopping: what is in flight is finished")
		require.Contains(t, o.stdout, "stopped before the end")
		require.Contains(t, o.stdout, "partial sums written to ")
		require.NotContains(t, o.stdout, "times as fast")
		require.Less(t, o.began, int64(100))
		require.GreaterOrEqual(t, o.began, int64(4))
		require.Equal(t, o.began, int64(strings.Count(o.partial, "\n")), "all that was begun is written")
		require.Equal(t, "as it was", o.sums)
	})
	t.Run("twice", func(t *testing.T) {
		o := begin(t, 2)
		require.ErrorIs(t, o.err, tp.ErrInterrupted)
		require.Empty(t, o.stdout)
		require.Empty(t, o.partial)
		require.Equal(t, "as it was", o.sums)
	})
	t.Run("while it compares", func(t *testing.T) {
		stop := make(chan struct{})
		stopping := sync.OnceFunc(func() { close(stop) })
		j := jobOver(t, tree(t, files), "-n", "4")
		var tasks atomic.Int64
		j.hash = func(ctx context.Context, f found) (sum, error) {
			if tasks.Add(1) > 100 {
				stopping()
				<-ctx.Done()
				return sum{}, context.Cause(ctx)
			}
			return j.hashFile(ctx, f)
		}
		var stdout bytes.Buffer
		require.NoError(t, j.do(t.Context(), stop, &stdout, io.Discard))
		require.Contains(t, stdout.String(), "100 files")
		require.Contains(t, stdout.String(), "not compared with one at a time: stopped")
	})
}

func TestBarred(t *testing.T) {
	const state = " 50%  1,234 of 12,345 files, 123.4 MB of 1,234.5 MB"
	for columns, want := range map[int]string{
		200: "[####################....................] " + state,
		0:   "[" + strings.Repeat("#", 12) + strings.Repeat(".", 13) + "] " + state, // as with 80
		80:  "[" + strings.Repeat("#", 12) + strings.Repeat(".", 13) + "] " + state,
		60:  "[##...] " + state,
		59:  state,
		52:  state,
		51:  state[:50],
		10:  state[:9],
		1:   "",
	} {
		got := barred(state, 0.5, columns)
		require.Equal(t, want, got, columns)
		require.True(t, columns == 0 || len(got) < columns)
	}
}

func TestWords(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		require.Equal(t, want, thousands(n))
	}
	for n, want := range map[int64]string{0: "0 B", 900: "900 B", 1000: "1.0 kB", 999_960: "1.0 MB", 1_999_990: "2.0 MB", 12_345_678_901: "12,345.7 MB"} {
		require.Equal(t, want, size(n))
	}
	require.Equal(t, "naïve.go", printable("naïve.go"))
	require.Equal(t, `"\x1b[31m"`, printable("\x1b[31m"))
}
