package scratch

import (
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClean(t *testing.T) {
	full := []string{"00000001", "123456789", "lock"}
	recycled, unknown := self(), self()
	recycled.start++
	unknown.start = 0
	parent := owner{self().host, os.Getppid(), startOf(os.Getppid())}
	elsewhere := gone
	elsewhere.host++
	for name, c := range map[string]struct {
		of    owner
		files []string
		kept  []string // nil: the directory is removed
	}{
		"a dead process":                 {gone, full, nil},
		"a dead process with no files":   {gone, []string{"lock"}, nil},
		"a dead process without a lock":  {gone, []string{}, nil},
		"files without a lock":           {gone, full[:2], full[:2]},
		"files of others among its own":  {gone, append([]string{"0000001", "00000001.txt", "notes"}, full...), []string{"00000001.txt", "0000001", "notes"}},
		"a process of another machine":   {elsewhere, full, full},
		"this process":                   {self(), full, full},
		"the process that has begun it":  {parent, full, full},
		"a process of an unknown start":  {unknown, full, full},
		"an unknown start, and it is no": {owner{gone.host, gone.pid, 0}, full, nil},
		"another process of this number": {recycled, full, unlessKnown(full)},
	} {
		t.Run(name, func(t *testing.T) {
			in := t.TempDir()
			root, err := os.OpenRoot(in)
			require.NoError(t, err)
			defer root.Close()
			path := left(t, in, c.of.named(1), c.files...)
			clean(t.Context(), root)
			if c.kept == nil {
				require.Empty(t, found(t, in))
				return
			}
			require.Equal(t, c.kept, found(t, path))
		})
	}
}

// unlessKnown returns the files that are kept if the start of a process is unknown.
func unlessKnown(files []string) []string {
	if self().start != 0 {
		return nil
	}
	return files
}

func TestCleanKeepsWhatIsLocked(t *testing.T) {
	in := t.TempDir()
	root, err := os.OpenRoot(in)
	require.NoError(t, err)
	defer root.Close()
	path := left(t, in, gone.named(1), "00000001", "lock")
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_RDWR, 0)
	require.NoError(t, err)
	require.NoError(t, hold(lock))
	clean(t.Context(), root)
	if runtime.GOOS == "linux" || runtime.GOOS == "darwin" {
		require.Equal(t, []string{"00000001", "lock"}, found(t, path))
	}
	require.NoError(t, lock.Close())
	clean(t.Context(), root)
	require.Empty(t, found(t, in))
}

// Directories that only look like ours are not touched.
func TestCleanLeavesWhatIsOfOthers(t *testing.T) {
	in := t.TempDir()
	root, err := os.OpenRoot(in)
	require.NoError(t, err)
	defer root.Close()
	left(t, in, "data", "00000001", "lock")
	left(t, in, "turbopipes-spill-1234", "00000001", "lock")
	left(t, in, gone.named(1)+".bak", "00000001", "lock")
	left(t, in, "x"+gone.named(1), "00000001", "lock")
	require.NoError(t, os.Symlink("data", filepath.Join(in, gone.named(2))))
	require.NoError(t, os.Symlink(left(t, t.TempDir(), "far", "00000001", "lock"), filepath.Join(in, gone.named(3))))
	require.NoError(t, os.WriteFile(filepath.Join(in, gone.named(4)), nil, 0o600))
	require.NoError(t, os.Symlink("nowhere", filepath.Join(in, gone.named(5))))
	before := found(t, in)
	clean(t.Context(), root)
	require.Equal(t, before, found(t, in))
}

func TestNames(t *testing.T) {
	for _, o := range []owner{self(), gone, {0, 1, 0}, {math.MaxUint32, math.MaxInt32, math.MaxUint64}} {
		got, ok := ownerOf(o.named(5))
		require.True(t, ok)
		require.Equal(t, o, got)
	}
	for _, name := range []string{
		"", prefix, prefix + "00000000-0-0-0000000000000000", prefix + "00000000--1-0-0000000000000000",
		prefix + "00000000-9999999999-0-0000000000000000", prefix + "00000000-1-99999999999999999999-0000000000000000",
		prefix + "00000000-1-1-00000000000000", prefix + "0000000g-1-1-0000000000000000", "/" + gone.named(1),
	} {
		_, ok := ownerOf(name)
		require.False(t, ok, name)
	}
}

func TestStart(t *testing.T) {
	if runtime.GOOS != "linux" {
		require.Zero(t, startOf(os.Getpid()))
		return
	}
	require.NotZero(t, startOf(os.Getpid()))
	require.Equal(t, startOf(os.Getpid()), startOf(os.Getpid()))
	require.GreaterOrEqual(t, startOf(os.Getpid()), startOf(1))
	require.Zero(t, startOf(gone.pid))
}
