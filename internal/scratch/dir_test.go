package scratch

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDir(t *testing.T) {
	in := t.TempDir()
	d, err := New(t.Context(), in)
	require.NoError(t, err)
	write(t, d, 1, "one")
	write(t, d, 123_456_789, "many")
	require.Equal(t, []string{d.name, d.name + "/00000001", d.name + "/123456789", d.name + "/lock"}, found(t, in))
	_, err = d.Create(1)
	require.ErrorIs(t, err, os.ErrExist)

	file, err := d.Open(1)
	require.NoError(t, err)
	text, err := io.ReadAll(file)
	require.NoError(t, err)
	require.Equal(t, "one", string(text))
	require.NoError(t, file.Close())

	require.NoError(t, d.Remove(1))
	require.NoError(t, d.Remove(1), "it is gone")
	_, err = d.Open(1)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "in "+filepath.Join(in, d.name)+": ")
	write(t, d, 2, "two")
	require.NoError(t, d.Close())
	require.Empty(t, found(t, in))
}

func TestDirIsPrivate(t *testing.T) {
	in := t.TempDir()
	d, err := New(t.Context(), in)
	require.NoError(t, err)
	write(t, d, 1, "one")
	for path, want := range map[string]os.FileMode{d.name: os.ModeDir | 0o700, d.name + "/00000001": 0o600} {
		info, err := os.Stat(filepath.Join(in, path))
		require.NoError(t, err)
		require.Equal(t, want, info.Mode())
	}
	require.NoError(t, d.Close())
}

func TestDirInNothing(t *testing.T) {
	_, err := New(t.Context(), filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = New(t.Context(), file)
	require.Error(t, err)
}

// The path may change meanwhile.
func TestDirStaysWhereItIs(t *testing.T) {
	use := func(t *testing.T, in string, change func()) {
		t.Helper()
		d, err := New(t.Context(), in)
		require.NoError(t, err)
		write(t, d, 1, "one")
		change()
		write(t, d, 2, "two")
		file, err := d.Open(1)
		require.NoError(t, err)
		require.NoError(t, file.Close())
		require.NoError(t, d.Remove(1))
		require.NoError(t, d.Close())
	}
	t.Run("the working directory changes", func(t *testing.T) {
		in, other := t.TempDir(), t.TempDir()
		t.Chdir(in)
		use(t, ".", func() { t.Chdir(other) })
		require.Empty(t, found(t, in))
		require.Empty(t, found(t, other))
	})
	t.Run("a link leads elsewhere", func(t *testing.T) {
		in, other, link := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "link")
		require.NoError(t, os.Symlink(in, link))
		var foreign []string
		use(t, link, func() {
			require.NoError(t, os.Remove(link))
			require.NoError(t, os.Symlink(other, link))
			own := found(t, in)[0]
			require.NoError(t, os.Mkdir(filepath.Join(other, own), 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(other, own, "00000001"), nil, 0o600))
			foreign = found(t, other)
		})
		require.Empty(t, found(t, in))
		require.Equal(t, foreign, found(t, other))
	})
	t.Run("it is moved", func(t *testing.T) {
		base := t.TempDir()
		in, moved := filepath.Join(base, "in"), filepath.Join(base, "moved")
		require.NoError(t, os.Mkdir(in, 0o700))
		use(t, in, func() { require.NoError(t, os.Rename(in, moved)) })
		require.Equal(t, []string{"moved"}, found(t, base))
	})
	t.Run("another one takes its place", func(t *testing.T) {
		in := t.TempDir()
		use(t, in, func() {
			own := filepath.Join(in, found(t, in)[0])
			require.NoError(t, os.Rename(own, filepath.Join(in, "moved")))
			require.NoError(t, os.Symlink("moved", own))
			require.NoError(t, os.WriteFile(filepath.Join(in, "00000002"), nil, 0o600))
		})
		require.Equal(t, []string{"00000002", "moved"}, found(t, in), "a link goes, and not what it leads to")
	})
}

// Files that others have put into the directory stay.
func TestDirLeavesWhatIsNotItsOwn(t *testing.T) {
	in := t.TempDir()
	d, err := New(t.Context(), in)
	require.NoError(t, err)
	write(t, d, 1, "one")
	require.NoError(t, os.WriteFile(filepath.Join(in, d.name, "notes"), nil, 0o600))
	require.Error(t, d.Close(), "something is left")
	require.Equal(t, []string{d.name, d.name + "/notes"}, found(t, in))
}

func TestDirIsRemovedBehindItsBack(t *testing.T) {
	in := t.TempDir()
	d, err := New(t.Context(), in)
	require.NoError(t, err)
	require.NoError(t, os.RemoveAll(filepath.Join(in, d.name)))
	_, err = d.Create(1)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, d.Remove(1))
	require.NoError(t, d.Close())
}

// Each run has its own directory, and none takes another directory of its process
// for that of a dead one.
func TestDirsOfOneProcess(t *testing.T) {
	in := t.TempDir()
	one, err := New(t.Context(), in)
	require.NoError(t, err)
	two, err := New(t.Context(), in)
	require.NoError(t, err)
	require.Len(t, found(t, in), 4)
	require.NoError(t, two.Close())
	require.NoError(t, one.Close())
	require.Empty(t, found(t, in))
}

func TestDirCleansUp(t *testing.T) {
	in := t.TempDir()
	left(t, in, gone.named(1), "lock", "00000001")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d, err := New(ctx, in)
	require.NoError(t, err)
	require.NoError(t, d.Close())
	require.Len(t, found(t, in), 3, "it leaves that to others when it has no time")
	d, err = New(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, []string{d.name, d.name + "/lock"}, found(t, in))
	require.NoError(t, d.Close())
}

// A process in another container, with the same name and the same place, takes all
// directories here for those of dead processes. It removes none that is in use.
func TestDirAmongOthersOfItsName(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skip("there are no locks")
	}
	in := t.TempDir()
	root, err := os.OpenRoot(in)
	require.NoError(t, err)
	defer root.Close()
	var others sync.WaitGroup
	defer others.Wait()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	for range 2 {
		others.Go(func() {
			for ctx.Err() == nil {
				all, _ := names(root, func(string) bool { return true })
				for _, name := range all {
					remove(root, name)
				}
			}
		})
	}
	for range 300 {
		d, err := New(t.Context(), in)
		require.NoError(t, err)
		file, err := d.Create(1)
		require.NoError(t, err)
		require.NoError(t, file.Close())
		require.NoError(t, d.Close())
	}
	stop()
	others.Wait()
	require.Empty(t, found(t, in))
}
