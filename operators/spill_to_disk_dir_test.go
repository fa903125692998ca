package operators_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// The call of SpillToDisk, and then the subscription, fix the place of the files. No file
// is left at the end, and nothing in other places is touched.
func TestSpillToDiskStaysWhereItIs(t *testing.T) {
	run := func(t *testing.T, spill turbopipes.Operator[int, int], change func()) {
		t.Helper()
		var got []int
		err := spill(paced(9, time.Millisecond)).Each(t.Context(), func(v int) error {
			time.Sleep(time.Second)
			if got = append(got, v); v == 0 {
				change()
			}
			return nil
		})
		require.NoError(t, err)
		require.Len(t, got, 9)
	}
	foreign := func(t *testing.T) (dir string) {
		t.Helper()
		dir = t.TempDir()
		require.NoError(t, os.Mkdir(filepath.Join(dir, "spill"), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "00000001"), nil, 0o600))
		return dir
	}
	for name, relative := range map[string]string{"a relative directory": "spill", "one above": "../spill", "here": "."} {
		bubble(t, name, func(t *testing.T) {
			base, other := t.TempDir(), foreign(t)
			dir := filepath.Join(base, "work", relative)
			require.NoError(t, os.MkdirAll(filepath.Join(base, "work"), 0o700))
			require.NoError(t, os.MkdirAll(dir, 0o700))
			t.Chdir(filepath.Join(base, "work"))
			spill := operators.SpillToDisk(relative, 1, decimals)
			run(t, spill, func() {
				_, files := onDisk(t, dir)
				require.NotZero(t, files)
				require.NoError(t, os.Chdir(other))
			})
			requireEmpty(t, dir)
			run(t, spill, func() { // in other by now
				_, files := onDisk(t, dir)
				require.NotZero(t, files)
			})
			requireEmpty(t, dir)
			_, files := onDisk(t, other)
			require.Equal(t, 1, files)
		})
	}
	bubble(t, "a link that is pointed elsewhere", func(t *testing.T) {
		dir, other, link := t.TempDir(), foreign(t), filepath.Join(t.TempDir(), "link")
		require.NoError(t, os.Symlink(dir, link))
		run(t, operators.SpillToDisk(link, 1, decimals), func() {
			own, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Len(t, own, 1)
			require.NoError(t, os.Remove(link))
			require.NoError(t, os.Symlink(other, link))
			require.NoError(t, os.Mkdir(filepath.Join(other, own[0].Name()), 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(other, own[0].Name(), "00000001"), nil, 0o600))
		})
		requireEmpty(t, dir)
		_, files := onDisk(t, other)
		require.Equal(t, 2, files)
	})
	bubble(t, "the temporary directory", func(t *testing.T) {
		dir := t.TempDir()
		t.Setenv("TMPDIR", dir)
		t.Setenv("TMP", dir) // Windows
		spill := operators.SpillToDisk("", 1, decimals)
		run(t, spill, func() {
			_, files := onDisk(t, dir)
			require.NotZero(t, files)
		})
		requireEmpty(t, dir)
	})
}

// spillUntilTold runs in another process. It spills into dir, reports this, and ends as
// the test commands.
func spillUntilTold(t *testing.T, dir string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	written := make(chan struct{})
	src := turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
		for v := range 100 {
			emit(v)
		}
		close(written)
		<-ctx.Done()
		return nil
	})
	s := operators.SpillToDisk(dir, 1, decimals)(src).Subscribe(ctx, turbopipes.Observer[int]{Next: func(int) { <-ctx.Done() }})
	<-written
	fmt.Println("spilled")
	how, err := bufio.NewReader(os.Stdin).ReadString('\n')
	require.NoError(t, err)
	switch how {
	case "exit\n":
		os.Exit(3)
	case "panic\n":
		go panic("elsewhere")
		select {}
	}
	cancel()
	<-s.Done()
}

// The next process removes the files of a process that was killed. The files of a living
// process stay.
func TestSpillToDiskLeftBehind(t *testing.T) {
	if dir := os.Getenv("TURBOPIPES_SPILL"); dir != "" {
		spillUntilTold(t, dir)
		return
	}
	for name, end := range map[string]func(p *os.Process, in io.Writer) error{
		"killed":          func(p *os.Process, _ io.Writer) error { return p.Kill() },
		"exits":           func(_ *os.Process, in io.Writer) error { _, err := io.WriteString(in, "exit\n"); return err },
		"panics":          func(_ *os.Process, in io.Writer) error { _, err := io.WriteString(in, "panic\n"); return err },
		"ends as it must": func(_ *os.Process, in io.Writer) error { _, err := io.WriteString(in, "end\n"); return err },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSpillToDiskLeftBehind$")
			cmd.Env = append(os.Environ(), "TURBOPIPES_SPILL="+dir)
			in, err := cmd.StdinPipe()
			require.NoError(t, err)
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			line, err := bufio.NewReader(out).ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, "spilled\n", line)
			size, files := onDisk(t, dir)
			require.NotZero(t, size)

			use := operators.SpillToDisk(dir, 1, decimals)(turbopipes.Range(0, 100))
			require.NoError(t, use.Drain(t.Context()))
			still, others := onDisk(t, dir)
			require.Equal(t, size, still, "it lives")
			require.Equal(t, files, others)

			require.NoError(t, end(cmd.Process, in))
			_, _ = io.Copy(io.Discard, out) // until it has ended
			if err := cmd.Wait(); name == "ends as it must" {
				require.NoError(t, err)
				requireEmpty(t, dir)
				return
			}
			still, _ = onDisk(t, dir)
			require.Equal(t, size, still, "it could not remove it")
			require.NoError(t, use.Drain(t.Context()))
			requireEmpty(t, dir)
		})
	}
}
