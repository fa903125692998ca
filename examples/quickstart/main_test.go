package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tree makes files below a new directory: their names, with their content.
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

// command runs the whole command.
func command(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), args, &out, &errs, nil)
	return status, out.String(), errs.String()
}

func TestHashes(t *testing.T) {
	dir := tree(t, some)
	sums := filepath.Join(t.TempDir(), "sums")
	status, stdout, stderr := command(t, "-n", "3", "-o", sums, dir)
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
	status, stdout, _ := command(t, "-n", "1", tree(t, some))
	require.Zero(t, status)
	require.NotContains(t, stdout, "times as fast")
}

func TestLinksAndSpecialFilesAreSkipped(t *testing.T) {
	dir := tree(t, map[string]string{"file": "1"})
	require.NoError(t, os.Symlink("file", filepath.Join(dir, "link")))
	require.NoError(t, os.Symlink("loop2", filepath.Join(dir, "loop1")))
	require.NoError(t, os.Symlink("loop1", filepath.Join(dir, "loop2")))
	require.NoError(t, os.Symlink(dir, filepath.Join(dir, "above")))
	t.Chdir(dir) // the path of a socket has to be short
	socket, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", "socket")
	require.NoError(t, err)
	defer socket.Close() // which removes it

	status, stdout, _ := command(t, dir)
	require.Zero(t, status)
	require.Contains(t, stdout, "1 file,")
	require.Contains(t, stdout, "; skipped: link: 4, special: 1\n")

	link := filepath.Join(t.TempDir(), "link") // the directory itself may be a link
	require.NoError(t, os.Symlink(dir, link))
	_, stdout, _ = command(t, link)
	require.Contains(t, stdout, "1 file,")
}

func TestBadArguments(t *testing.T) {
	dir := tree(t, map[string]string{"file": "1", "full/file": ""})
	require.NoError(t, os.Symlink("loop", filepath.Join(dir, "loop")))
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no such directory":        {[]string{dir + "/nowhere"}, "quickstart: directory " + dir + "/nowhere: no such file or directory\n"},
		"a file":                   {[]string{dir + "/file"}, "file is not a directory\n"},
		"a loop of links":          {[]string{dir + "/loop"}, "too many links"},
		"two directories":          {[]string{dir, dir}, "one directory at most, not 2"},
		"none at a time":           {[]string{"-n", "0", dir}, "quickstart: -n 0: at least 1 file must be hashed at a time\n"},
		"fewer than none":          {[]string{"-n", "-3", dir}, "-n -3: at least 1"},
		"no number":                {[]string{"-n", "x", dir}, "invalid value"},
		"unknown flag":             {[]string{"-x"}, "flag provided but not defined"},
		"output in no directory":   {[]string{"-o", dir + "/no/sums", dir}, "quickstart: -o " + dir + "/no/sums: no such file or directory\n"},
		"output in a file":         {[]string{"-o", dir + "/file/sums", dir}, "not a directory\n"},
		"output is a directory":    {[]string{"-o", dir + "/full", dir}, "is a directory\n"},
		"output is a loop of link": {[]string{"-o", dir + "/loop/sums", dir}, "too many"},
	} {
		t.Run(name, func(t *testing.T) {
			status, stdout, stderr := command(t, c.args...)
			require.Equal(t, 1, status)
			require.Empty(t, stdout)
			require.Contains(t, stderr, c.want)
		})
	}
}

func TestHelp(t *testing.T) {
	status, _, stderr := command(t, "-h")
	require.Zero(t, status)
	require.Contains(t, stderr, "usage: quickstart [-n N] [-o FILE] [DIR]")
}

// jobOver is a job over dir, and what it prints.
func jobOver(t *testing.T, dir string, args ...string) *job {
	t.Helper()
	j, err := parse(t.Context(), append(args, dir), io.Discard)
	require.NoError(t, err)
	return j
}

func TestUnreadableFilesAreReported(t *testing.T) {
	dir := tree(t, some)
	sums := filepath.Join(t.TempDir(), "sums")
	j := jobOver(t, dir, "-n", "2", "-o", sums)
	j.hash = func(ctx context.Context, f found) (sum, error) {
		switch filepath.Base(f.path) {
		case "a.go": // it vanishes between the walk and the task
			f.path += ".gone"
		case "b.go": // a directory is in its place
			f.path = filepath.Dir(f.path)
		case "README":
			return sum{found: f}, &fs.PathError{Op: "open", Path: f.path, Err: fs.ErrPermission}
		case "big.bin":
			panic("out of luck")
		}
		return j.hashFile(ctx, f)
	}
	var stdout, stderr bytes.Buffer
	err := j.do(t.Context(), &stdout, &stderr, nil)
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
	status, _, stderr := command(t, dir)
	require.Equal(t, 1, status)
	require.Contains(t, stderr, "can't read b: permission denied")
}

func TestOutput(t *testing.T) {
	t.Run("below the directory, and again", func(t *testing.T) {
		dir := tree(t, some)
		out := filepath.Join(dir, "SUMS")
		_, _, stderr := command(t, "-o", out, dir)
		first, err := os.ReadFile(out)
		require.NoError(t, err, stderr)
		_, stdout, _ := command(t, "-o", out, dir)
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
		status, _, stderr := command(t, "-o", filepath.Join(to, "link"), dir)
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
		status, stdout, stderr := command(t, "-o", "/dev/full", dir)
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
	var stderr bytes.Buffer
	require.Equal(t, 1, run(t.Context(), []string{tree(t, some)}, closedPipe{}, &stderr, nil))
	require.Contains(t, stderr.String(), "quickstart: standard output: broken pipe\n")
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestInterrupt has tasks that wait until they are stopped.
func TestInterrupt(t *testing.T) {
	files := map[string]string{}
	for i := range 100 {
		files[fmt.Sprintf("%02d", i)] = "x"
	}
	begin := func(t *testing.T, signals int) (stdout, stderr, sums string, began int64, err error) {
		t.Helper()
		out := filepath.Join(t.TempDir(), "sums")
		goOn := make(chan struct{})
		j := jobOver(t, tree(t, files), "-n", "4", "-o", out)
		var tasks atomic.Int64
		sent := make(chan os.Signal, 3)
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
			for i := range signals {
				if sent <- os.Interrupt; i == 0 {
					sent <- os.Interrupt // bounces
				}
				time.Sleep(2 * bounce)
			}
		}()
		var o, e bytes.Buffer
		err = j.do(t.Context(), &o, writerFunc(func(p []byte) (int, error) {
			if signals == 1 && bytes.Contains(p, []byte("stopping")) { // the Stop is about to come
				time.AfterFunc(100*time.Millisecond, func() { close(goOn) })
			}
			return e.Write(p)
		}), sent)
		written, _ := os.ReadFile(out)
		left, _ := filepath.Glob(out + ".*")
		require.Empty(t, left)
		return o.String(), e.String(), string(written), tasks.Load(), err
	}

	t.Run("once", func(t *testing.T) {
		stdout, stderr, sums, began, err := begin(t, 1)
		require.NoError(t, err)
		require.Contains(t, stderr, "stopping: what is in flight is finished")
		require.Contains(t, stdout, "stopped before the end")
		require.NotContains(t, stdout, "times as fast")
		require.Less(t, began, int64(100))
		require.GreaterOrEqual(t, began, int64(4))
		require.Equal(t, began, int64(strings.Count(sums, "\n")), "all that was begun is written")
	})
	t.Run("twice", func(t *testing.T) {
		stdout, _, sums, _, err := begin(t, 2)
		require.ErrorIs(t, err, errKilled)
		require.Empty(t, stdout)
		require.Empty(t, sums)
	})
	t.Run("while it compares", func(t *testing.T) {
		signals := make(chan os.Signal, 1)
		j := jobOver(t, tree(t, files), "-n", "4")
		var tasks atomic.Int64
		j.hash = func(ctx context.Context, f found) (sum, error) {
			if tasks.Add(1) > 100 {
				select {
				case signals <- os.Interrupt:
				default:
				}
				<-ctx.Done()
				return sum{}, context.Cause(ctx)
			}
			return j.hashFile(ctx, f)
		}
		var stdout bytes.Buffer
		require.NoError(t, j.do(t.Context(), &stdout, io.Discard, signals))
		require.Contains(t, stdout.String(), "100 files")
		require.Contains(t, stdout.String(), "not compared with one at a time: stopped")
	})
}

func TestStatus(t *testing.T) {
	require.Equal(t, 130, status(errors.Join(errKilled), io.Discard))
	require.Equal(t, 1, status(errors.New("other"), io.Discard))
	require.Equal(t, 0, status(nil, io.Discard))
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
