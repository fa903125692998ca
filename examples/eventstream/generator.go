package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"math/rand/v2"
	"os"
	"strings"
	"time"
)

const tick = 10 * time.Millisecond

// generator writes the log, and keeps an account of it.
type generator struct {
	path        string
	rate, users int
	seed        uint64
	follower    *follower // a truncation must wait for it

	random  *rand.Rand
	file    *os.File
	at      position
	lines   int // lines since the log was rotated
	written accounts
	renamed, truncated,
	halves, broken, giants int64
}

// write adds the lines of a tick.
func (g *generator) write(ctx context.Context, i int) (int, error) {
	if g.file == nil {
		g.random = rand.New(rand.NewPCG(g.seed, 0))
		g.written = accounts{}
		if err := g.create(); err != nil {
			return i, err
		}
	}
	perTick := float64(g.rate) * tick.Seconds()
	for range int(float64(i+1)*perTick) - int(float64(i)*perTick) {
		if err := g.line(ctx); err != nil {
			return i, err
		}
	}
	if g.lines < max(g.rate/4, 20) {
		return i, nil
	}
	g.lines = 0
	if (g.renamed+g.truncated)%3 == 2 {
		return i, g.truncate(ctx)
	}
	return i, g.rotate(ctx)
}

// line writes an event, and sometimes a line that is not an event.
func (g *generator) line(ctx context.Context) error {
	switch g.random.IntN(1500) {
	case 0:
		g.broken++
		if err := g.append([]byte(`{"user":"user-01","seq":` + "\n")); err != nil {
			return err
		}
	case 1:
		g.giants++
		if err := g.append([]byte(`{"text":"` + strings.Repeat("long ", 100_000) + "\"}\n")); err != nil {
			return err
		}
	}
	e := event{
		User: fmt.Sprintf("user-%02d", min(g.random.IntN(g.users), g.random.IntN(g.users))+1), // some users are busier
		Kind: []string{"login", "view", "buy", "logout"}[g.random.IntN(4)],
		Text: strings.Repeat("x", g.random.IntN(100)),
		Seq:  1,
	}
	if a := g.written[e.User]; a != nil {
		e.Seq = a.count + 1
	}
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	e.crc = crc32.ChecksumIEEE(text)
	g.written.add(e)
	g.lines++
	text = append(text, '\n')
	if g.random.IntN(max(g.rate/5, 2)) > 0 {
		return g.append(text)
	}
	g.halves++
	half := g.random.IntN(len(text))
	if err := g.append(text[:half]); err != nil {
		return err
	}
	return errors.Join(wait(ctx, 2*tick), g.append(text[half:]))
}

func (g *generator) close() {
	if g.file != nil {
		g.file.Close()
	}
}

func (g *generator) append(text []byte) error {
	n, err := g.file.Write(text)
	g.at.offset += int64(n)
	return err
}

func (g *generator) create() (err error) {
	g.file, err = os.OpenFile(g.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o666)
	g.at = position{file: g.at.file + 1}
	return err
}

// rotate renames the log, and continues to write to it for a while, as a program
// does before it learns of the rotation.
func (g *generator) rotate(ctx context.Context) error {
	last := 1
	for ; exists(g.archive(last)); last++ {
	}
	for ; last > 1; last-- {
		if err := os.Rename(g.archive(last-1), g.archive(last)); err != nil {
			return err
		}
	}
	if err := os.Rename(g.path, g.archive(1)); err != nil {
		return err
	}
	for range g.random.IntN(10) {
		if err := g.line(ctx); err != nil {
			return err
		}
	}
	g.renamed++
	return errors.Join(g.file.Close(), g.create())
}

func (g *generator) archive(i int) string { return fmt.Sprintf("%s.%d", g.path, i) }

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// truncate empties the log. Unread bytes would be lost. And a file that has grown
// again past the position of its reader looks as if nothing had happened. So
// truncate waits for the follower before and after.
func (g *generator) truncate(ctx context.Context) error {
	const patience = 10 * time.Second
	if err := g.follower.await(ctx, g.at, patience); err != nil {
		return err
	}
	if err := g.file.Truncate(0); err != nil {
		return err
	}
	g.truncated++
	g.at = position{file: g.at.file + 1}
	return g.follower.await(ctx, g.at, patience)
}
