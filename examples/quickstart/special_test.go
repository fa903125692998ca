//go:build unix

package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLinksAndSpecialFilesAreSkipped(t *testing.T) {
	dir := tree(t, map[string]string{"file": "1"})
	require.NoError(t, os.Symlink("file", filepath.Join(dir, "link")))
	require.NoError(t, os.Symlink("loop2", filepath.Join(dir, "loop1")))
	require.NoError(t, os.Symlink("loop1", filepath.Join(dir, "loop2")))
	require.NoError(t, os.Symlink(dir, filepath.Join(dir, "above")))
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o666))

	status, stdout, _ := quickstart(t, dir)
	require.Zero(t, status)
	require.Contains(t, stdout, "1 file,")
	require.Contains(t, stdout, "; skipped: link: 4, special: 1\n")

	link := filepath.Join(t.TempDir(), "link") // the directory itself may be a link
	require.NoError(t, os.Symlink(dir, link))
	_, stdout, _ = quickstart(t, link)
	require.Contains(t, stdout, "1 file,")
}
