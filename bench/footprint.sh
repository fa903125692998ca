#!/bin/sh
# Measures the cost of turbopipes for a program that uses five of its operators: the
# time to build it, and the size of the binary. It does the same for a program with
# plain channels, a program with rxgo alone, a program that prints a line, and the same
# turbopipes program with the build tag turbopipes_norx. Run it from any directory.
#
# Each program is built with an empty cache except for the standard library, and then
# again after a change of its own source. With -p 1 the times would be processor time;
# these are elapsed times.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
rxgo=$(cd "$root" && go list -m -f '{{.Version}}' github.com/reactivex/rxgo/v2)
version=$(sed -n 's/^go //p' "$root/go.mod")
export GOFLAGS=-mod=mod GOCACHE="$dir/cache"

program() { # its name; its source is read
	mkdir -p "$dir/$1"
	cat > "$dir/$1/main.go"
	cat > "$dir/$1/go.mod" <<EOF
module example.com/$1

go $version

require (
	github.com/reactivex/rxgo/v2 $rxgo
	github.com/turbopipes/turbopipes v0.0.0
)

replace github.com/turbopipes/turbopipes => $root
EOF
	cp "$root/go.sum" "$dir/$1/"
}

program line <<'EOF'
package main

import "fmt"

func main() { fmt.Println("a line") }
EOF

program channels <<'EOF'
package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	in, out := make(chan string), make(chan int)
	go func() {
		defer close(in)
		for _, w := range strings.Fields("to be or not to be") {
			select {
			case in <- w:
			case <-ctx.Done():
				return
			}
		}
	}()
	var tasks sync.WaitGroup
	for range 4 {
		tasks.Go(func() {
			for w := range in {
				select {
				case out <- len(w):
				case <-ctx.Done():
					return
				}
			}
		})
	}
	go func() { tasks.Wait(); close(out) }()
	sum := 0
	for n := range out {
		sum += n
	}
	fmt.Println(sum)
}
EOF

program rxgo <<'EOF'
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/reactivex/rxgo/v2"
)

func main() {
	out := rxgo.Just("to", "be", "or", "not", "to", "be")().
		Filter(func(v interface{}) bool { return v != "or" }).
		DistinctUntilChanged(func(_ context.Context, v interface{}) (interface{}, error) { return v, nil }).
		Map(func(_ context.Context, v interface{}) (interface{}, error) { return len(v.(string)), nil }, rxgo.WithPool(4)).
		BufferWithTimeOrCount(rxgo.WithDuration(time.Second), 100).
		Retry(1, func(error) bool { return true })
	for item := range out.Observe() {
		fmt.Println(item.V, item.E)
	}
}
EOF

program turbopipes <<'EOF'
package main

import (
	"context"
	"fmt"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

func main() {
	out := tp.Pipe5(tp.Just("to", "be", "or", "not", "to", "be"),
		operators.Filter(func(w string) bool { return w != "or" }),
		operators.DistinctUntilChanged(operators.Self[string]),
		operators.Parallel(4, func(_ context.Context, w string) (int, error) { return len(w), nil }),
		operators.BufferWithTimeOrCount[int](time.Second, 100),
		operators.Retry[[]int](1))
	for batch, err := range out.Seq(context.Background()) {
		fmt.Println(batch, err)
	}
}
EOF

mkdir "$dir/norx"
cp "$dir"/turbopipes/* "$dir/norx/"

now() { date +%s.%N; }
since() { echo "$1 $(now)" | awk '{printf "%.1f", $2 - $1}'; }
tags() { if [ "$1" = norx ]; then echo -tags=turbopipes_norx; fi; }
build() { (cd "$dir/$1" && go build $(tags "$1") ${2+"$2"} -o "$dir/$1.bin" .); }

echo "$(go version), $(nproc) processors"
echo
echo '| program | packages | first build | after a change | binary | without symbols |'
echo '|---|---:|---:|---:|---:|---:|'
for name in line channels rxgo turbopipes norx; do
	if [ $name = norx ]; then export GOCACHE="$dir/cache-norx"; fi # or it has what turbopipes has compiled
	packages=$(cd "$dir/$name" && go list $(tags $name) -deps . | wc -l)
	(cd "$dir/$name" && go build -o /dev/null $(go list $(tags $name) -deps -f '{{if .Standard}}{{.ImportPath}}{{end}}' . | grep -v -e internal/ -e vendor/ -e unsafe))
	begin=$(now)
	build $name
	first=$(since "$begin")
	echo '// changed' >> "$dir/$name/main.go"
	begin=$(now)
	build $name
	again=$(since "$begin")
	size=$(stat -c %s "$dir/$name.bin")
	build $name -ldflags=-s
	stripped=$(stat -c %s "$dir/$name.bin")
	echo "$name $packages $first $again $size $stripped" | awk '{printf "| %s | %s | %s s | %s s | %.1f MB | %.1f MB |\n", $1, $2, $3, $4, $5 / 1e6, $6 / 1e6}'
done

# code lists the functions of a file of the compiler or the linker.
code() { go tool nm -size "$1" | awk '$3 == "T" || $3 == "t"'; }

echo
export GOCACHE="$dir/cache"
build turbopipes # with symbols again
code "$dir/turbopipes.bin" | awk '/turbopipes\/turbopipes/ {n += $2} END {printf "turbopipes in the binary: %.0f KB of code\n", n / 1e3}'
methods=$(sed -n 's/^func (v View) \([A-Z][A-Za-z0-9]*\).*/\1/p' "$root"/internal/rxv/*.go | sort -u | paste -sd '|')
code "$(cd "$dir/turbopipes" && go list -export -f '{{.Export}}' .)" > "$dir/functions"
echo "functions compiled: $(wc -l < "$dir/functions"), methods of rxgo.Observable among them: $(grep -cE "Observable\[.*\]\)?\.($methods)\b" "$dir/functions")"
