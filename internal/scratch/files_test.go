package scratch

import (
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// write makes file n of d.
func write(t *testing.T, d *Dir, n int, text string) {
	t.Helper()
	file, err := d.Create(n)
	require.NoError(t, err)
	_, err = io.WriteString(file, text)
	require.NoError(t, err)
	require.NoError(t, file.Close())
}

// found returns the files and directories below dir.
func found(t *testing.T, dir string) (all []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if path != dir {
			name, _ := filepath.Rel(dir, path)
			all = append(all, filepath.ToSlash(name))
		}
		return err
	}))
	return all
}

// gone is the number of a process that has ended: no system has such a high number.
var gone = owner{self().host, math.MaxInt32, 7}

// left makes a directory with empty files in it.
func left(t *testing.T, in, name string, files ...string) (path string) {
	t.Helper()
	path = filepath.Join(in, name)
	require.NoError(t, os.Mkdir(path, 0o700))
	for _, file := range files {
		require.NoError(t, os.WriteFile(filepath.Join(path, file), nil, 0o600))
	}
	return path
}
