package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestCommand runs the command both ways over code that has findings.
func TestCommand(t *testing.T) {
	tool := filepath.Join(t.TempDir(), "turbopipesvet.exe") // Windows needs the suffix
	run := func(name string, args ...string) string {
		cmd := exec.CommandContext(t.Context(), name, args...)
		if name != "go" || args[0] != "build" {
			cmd.Dir = filepath.Join("..", "..", "turbopipesvet", "testdata")
		}
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return string(out)
	}
	if out := run("go", "build", "-o", tool, "."); out != "" {
		t.Fatal(out)
	}
	for name, command := range map[string][]string{
		"go vet":         {"go", "vet", "-vettool=" + tool, "./seqerror"},
		"alone":          {tool, "./seqerror"},
		"only one check": {tool, "-seqerror", "./seqerror"},
	} {
		out := run(command[0], command[1:]...)
		if !strings.Contains(out, "seqerror.go:") || !strings.Contains(out, "this loop does not see the error of the stream") {
			t.Errorf("%s: got %q", name, out)
		}
	}
	if out := run(tool, "-unheard", "./seqerror"); out != "" {
		t.Errorf("another check: got %q", out)
	}
}
