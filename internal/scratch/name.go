package scratch

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"sync"
)

// owner is the process that is encoded in the name of a directory.
type owner struct {
	host  uint32 // a hash of the machine's name
	pid   int
	start uint64 // when the process began, in a unit of the system; 0: unknown
}

// prefix begins the name of each directory.
const prefix = "turbopipes-spill-"

var namePattern = regexp.MustCompile(`^` + prefix + `([0-9a-f]{8})-([0-9]{1,10})-([0-9]{1,20})-[0-9a-f]{16}$`)

// named returns the name of a directory of o.
func (o owner) named(random uint64) string {
	return fmt.Sprintf("%s%08x-%d-%d-%016x", prefix, o.host, o.pid, o.start, random)
}

// ownerOf reads a name. It returns false if the name does not belong to such a
// directory.
func ownerOf(name string) (o owner, ok bool) {
	parts := namePattern.FindStringSubmatch(name)
	if parts == nil {
		return owner{}, false
	}
	host, errHost := strconv.ParseUint(parts[1], 16, 32)
	pid, errPID := strconv.ParseInt(parts[2], 10, 32)
	start, errStart := strconv.ParseUint(parts[3], 10, 64)
	if errHost != nil || errPID != nil || errStart != nil || pid == 0 {
		return owner{}, false
	}
	return owner{uint32(host), int(pid), start}, true
}

// self is this process.
var self = sync.OnceValue(func() owner {
	o := owner{host: rand.Uint32(), pid: os.Getpid(), start: startOf(os.Getpid())} //nolint:gosec // it need not be secret
	if name, err := os.Hostname(); err == nil {                                    // on an error, no machine takes these directories for its own
		h := fnv.New32a()
		_, _ = h.Write([]byte(name)) // it never fails
		o.host = h.Sum32()
	}
	return o
})

// dead reports whether o is known to have ended: o was a process of this machine,
// and no process has its number now, or only one that has begun at another time.
func (o owner) dead() bool {
	if o.host != self().host || o == self() {
		return false
	}
	if !exists(o.pid) {
		return true
	}
	now := startOf(o.pid)
	return o.start != 0 && now != 0 && now != o.start
}

func fileName(n int) string { return fmt.Sprintf("%08d", n) }

func isFileName(name string) bool {
	for _, r := range name {
		if r < '0' || r > '9' {
			return false
		}
	}
	return len(name) >= 8
}
