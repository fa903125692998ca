package scratch

import (
	"context"
	"os"
)

// clean removes the directories of dead processes, as far as it may and can: what
// it can't remove is no business of who asked for a directory.
func clean(ctx context.Context, parent *os.Root) {
	found, _ := names(parent, func(name string) bool {
		o, ok := ownerOf(name)
		return ok && o.dead()
	})
	for _, name := range found {
		if ctx.Err() != nil {
			return
		}
		remove(parent, name)
	}
}

// remove removes the directory name of a process that seems to be dead, unless the
// process still holds the lock: a process of another container, for instance, can't
// be seen. Only what such a process leaves is removed: where something else is in
// the directory, it stays.
func remove(parent *os.Root, name string) {
	info, err := parent.Lstat(name)
	if err != nil || !info.IsDir() { // it may be a symbolic link
		return
	}
	own, err := parent.OpenRoot(name)
	if err != nil {
		return
	}
	opened, err := own.Stat(".")
	same := err == nil && os.SameFile(info, opened)
	done := same && emptied(own)
	if own.Close() == nil && done {
		_ = parent.Remove(name) // which fails where something is in it
	}
}

// emptied removes the files, and the lock last, so that a clean-up that was killed
// is gone on with. false: the directory is in use.
func emptied(own *os.Root) bool {
	lock, err := own.OpenFile(lockName, os.O_RDWR, 0)
	if err != nil {
		return os.IsNotExist(err) // the process did not come that far
	}
	defer lock.Close() // nobody writes to it
	if hold(lock) != nil {
		return false
	}
	if empty(own) != nil {
		return false
	}
	if own.Remove(lockName) == nil { // while it is held, so that nobody else takes it
		return true
	}
	_ = lock.Close() // some systems remove no open file
	return own.Remove(lockName) == nil
}
