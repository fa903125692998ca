// Command mutants breaks the engine on purpose, in one way after another. It fails
// if the tests don't notice. Run it from the module's root:
//
//	go run ./internal/cmd/mutants
//
// It writes nothing to the tree: each mutant is an overlay of the go command. An
// argument selects the mutants whose name contains it.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// mutant is one way to break the code: in file, from is replaced by to.
type mutant struct {
	name, file, from, to string
	tests                string   // the value of -run
	packages             []string // or test files; at least one test in them must fail
}

func main() {
	pick := ""
	if len(os.Args) > 1 {
		pick = os.Args[1]
	}
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		fail(err)
	}
	for _, m := range mutants { // all of them, before the long run begins
		if _, err := m.broken(); err != nil {
			_ = os.RemoveAll(dir)
			fail(fmt.Errorf("%s: %w", m.name, err))
		}
	}
	survived, killed := 0, 0
	for _, m := range mutants {
		if !strings.Contains(m.name, pick) {
			continue
		}
		begin := time.Now()
		out, err := m.test(dir)
		switch {
		case errors.Is(err, errSurvived):
			survived++
			fmt.Printf("SURVIVED %s\n", m.name)
		case err != nil:
			_ = os.RemoveAll(dir)
			fail(fmt.Errorf("%s: %w\n%s", m.name, err, out))
		default:
			killed++
			fmt.Printf("killed   %-60s %5.1f s  %s\n", m.name, time.Since(begin).Seconds(), firstFailure(out))
		}
	}
	_ = os.RemoveAll(dir)
	fmt.Printf("%d mutants killed, %d survived\n", killed, survived)
	if survived > 0 || killed == 0 {
		os.Exit(1)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "mutants:", err)
	os.Exit(1)
}

var errSurvived = errors.New("no test has failed")

// broken returns the source of m's file with the fault in it.
func (m mutant) broken() (string, error) {
	source, err := os.ReadFile(m.file)
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(source), m.from); n != 1 {
		return "", fmt.Errorf("%q stands %d times in %s, want 1", m.from, n, m.file)
	}
	return strings.Replace(string(source), m.from, m.to, 1), nil
}

// test runs m's tests over the broken code. It returns nil if one of them has
// failed.
func (m mutant) test(dir string) (out string, err error) {
	source, err := m.broken()
	if err != nil {
		return "", err
	}
	broken := filepath.Join(dir, "broken.go")
	if err := os.WriteFile(broken, []byte(source), 0o600); err != nil {
		return "", err
	}
	abs, err := filepath.Abs(m.file)
	if err != nil {
		return "", err
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {abs: broken}})
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		return "", err
	}
	build := exec.Command("go", append([]string{"test", "-vet=off", "-overlay", file, "-run", "^$"}, m.packages...)...)
	if text, err := build.CombinedOutput(); err != nil {
		return string(text), fmt.Errorf("does not build: %w", err)
	}
	args := append([]string{"test", "-vet=off", "-overlay", file, "-count=1", "-timeout=60s", "-run", m.tests}, m.packages...)
	text, err := exec.Command("go", args...).CombinedOutput()
	if err == nil {
		return string(text), errSurvived
	}
	return string(text), nil
}

// firstFailure returns a line that shows which test has noticed.
func firstFailure(out string) string {
	for line := range strings.Lines(out) {
		for _, mark := range []string{"--- FAIL: ", "panic: ", "fatal error: "} {
			if rest, ok := strings.CutPrefix(strings.TrimSpace(line), mark); ok {
				return strings.TrimSpace(rest)
			}
		}
	}
	return "failed"
}
