package scratch

import (
	"context"
	"os"
)

// clean removes the directories of dead processes where it can. It reports no
// errors: they don't concern the caller, which only asked for a directory.
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

// remove removes the directory name of a process that seems to be dead. It keeps the
// directory if the process still holds the lock: a process in another container, for
// example, is not visible here. It removes only files that such a process makes. If
// there is another file, the directory stays.
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
		_ = parent.Remove(name) // fails if the directory is not empty
	}
}

// emptied removes the files, and the lock last, so that a later clean-up can finish
// one that was killed. It returns false if the directory is in use.
func emptied(own *os.Root) bool {
	lock, err := own.OpenFile(lockName, os.O_RDWR, 0)
	if err != nil {
		return os.IsNotExist(err) // the process has not made the lock yet
	}
	defer lock.Close() // nothing is written to it
	if hold(lock) != nil {
		return false
	}
	if empty(own) != nil {
		return false
	}
	if own.Remove(lockName) == nil { // while the lock is held, so that nobody else takes it
		return true
	}
	_ = lock.Close() // some systems don't remove an open file
	return own.Remove(lockName) == nil
}
