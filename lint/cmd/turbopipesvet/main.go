// Command turbopipesvet finds mistakes in programs that use turbopipes.
//
//	go vet -vettool=$(which turbopipesvet) ./...   # with the build cache of go vet
//	turbopipesvet ./...                            # alone
//	turbopipesvet -fix ./...                       # and apply the suggested fixes
//	turbopipesvet help                             # what the checks are
//
// A flag with the name of a check runs only this check: turbopipesvet -seqerror ./...
package main

import (
	"golang.org/x/tools/go/analysis/multichecker"

	"github.com/turbopipes/turbopipes/lint/turbopipesvet"
)

func main() { multichecker.Main(turbopipesvet.Analyzers()...) }
