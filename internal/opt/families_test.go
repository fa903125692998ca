package opt_test

import (
	"bufio"
	"bytes"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/turbopipes/turbopipes"

// Options that several functions take.
const (
	queues    = "OnDiscard WithOverflow WithQueue"
	losses    = "OnDiscard"
	drops     = "OnDrop"
	tasks     = "Buffered OnDiscard Ordered WithMaxErrors WithPolicy"
	sharing   = "KeepConnected KeepOnComplete KeepOnError WithGrace WithMinSubscribers"
	inner     = "OnDiscard StopInner"
	flattened = "Buffered OnDiscard StopInner"
	combining = "Buffered OnDiscard"
	timed     = "EmitEmpty FlushOnError OnDiscard WithMaxItems"
)

// takes lists, for each function, the options that it takes.
var takes = map[string]string{
	"Balance":              queues,
	"Broadcast":            queues,
	"FromEventSource":      queues,
	"NewBehaviorSubject":   queues,
	"NewMergeHub":          queues,
	"NewReplaySubject":     queues + " WithTTL",
	"NewSubject":           queues,
	"NewTopic":             queues,
	"NewUnicastSubject":    queues,
	"Publish":              queues,
	"Connectable.RefCount": sharing,
	"Observable.ToChannel": queues,
	"Observable.Subscribe": "InitialRequest",
	"RunUntilSignal":       "StopWithin WithSignals WithSignalsFrom",
	"Timer":                "WithPeriod",

	"Delay":       queues,
	"DelayWhen":   queues + " StopInner",
	"ObserveOn":   queues,
	"GroupBy":     queues + " WithIdle WithMaxGroups",
	"GroupByN":    queues,
	"Share":       queues + " " + sharing,
	"ShareReplay": queues + " WithTTL " + sharing,

	"WindowWhen":            queues,
	"WindowWithCount":       queues + " WithStep",
	"WindowWithTime":        queues + " EmitEmpty",
	"WindowWithTimeOrCount": queues,

	"BufferWhen":            timed,
	"BufferWithCount":       "FlushOnError OnDiscard WithStep",
	"BufferWithTime":        timed,
	"BufferWithTimeOrCount": "FlushOnError OnDiscard",
	"SessionWindow":         "FlushOnError OnDiscard WithMaxDuration WithMaxItems",
	"SlidingWindow":         "FlushOnError OnDiscard Partial",
	"EventTimeWindow":       drops + " OnLate WithLag WithMaxAhead WithMaxOpen WithSlide",

	"Parallel":        tasks,
	"ParallelBy":      tasks,
	"ParallelResults": tasks,
	"Tasks":           tasks,

	"CombineLatest":    combining,
	"CombineLatestAll": combining,
	"Join":             combining,
	"SequenceEqual":    combining,
	"Zip":              combining,
	"ZipAll":           combining,

	"ConcatMap":  inner,
	"ExhaustMap": inner,
	"SwitchAll":  inner,
	"SwitchMap":  inner,
	"FlatMap":    flattened,
	"Flatten":    flattened,
	"Expand":     inner + " WithMaxPending",

	"Debounce":    "OnDiscard WithEdge WithMaxWait",
	"Distinct":    "OnDiscard WithMaxKeys",
	"Gate":        "OnDiscard StartClosed",
	"Intersperse": drops + " WithEnds",
	"Log":         "WithLevel",
	"NewBreaker":  "WithCooldown WithFailureRate WithThreshold",
	"RateLimit":   drops + " WithBurst WithCost",
	"Repeat":      "WithDelay",
	"Retry":       "OnRetry ResetOnItem RetryIf WithBackoff WithJitter WithMaxElapsed",
	"Retrying":    "OnRetry ResetOnItem RetryIf WithBackoff WithJitter WithMaxElapsed",
	"Sample":      "EmitLast OnDiscard",
	"Serialize":   "OnDiscard SkipGaps WithMaxPending",
	"Sort":        "OnDiscard WithMaxItems",
	"TakeWhile":   "Inclusive",
	"Throttle":    "OnDiscard WithEdge",
	"Timeout":     drops + " FallbackTo WithScope",
	"ToSlice":     "OnDiscard WithCapacity WithMaxItems",

	"BackpressureTimeout":  drops,
	"ConflateByKey":        drops + " WithMaxPendingKeys",
	"Extrapolate":          drops,
	"LimitRate":            drops,
	"LoadShed":             drops + " WithShedPriority",
	"OnBackpressureBatch":  drops,
	"OnBackpressureBuffer": drops,
	"OnBackpressureDrop":   drops,
	"OnBackpressureError":  drops,
	"OnBackpressureLatest": drops,
	"OnBackpressureReduce": drops,
	"SpillToDisk":          drops + " WithMaxBytes",

	"Audit": losses, "Average": losses, "BufferUntilChanged": losses, "BufferWeighted": losses, "Conflate": losses, "Count": losses, "FlatMapSeq": losses, "KeepAlive": losses,
	"Last": losses, "LastOrDefault": losses, "MapReduce": losses, "Max": losses, "Min": losses, "Reduce": losses,
	"ReduceWith": losses, "Single": losses, "SkipLast": losses, "SkipUntil": losses,
	"StatefulMap": losses, "SubscribeOn": losses, "Sum": losses, "TakeLast": losses, "TakeUntil": losses, "ToMap": losses,
	"ToMapWithValueSelector": losses, "ToMultiMap": losses, "TopK": losses, "TryMap": losses, "Unbatch": losses,
	"WithContext": losses, "WithLatestFrom": losses,
}

// TestFamilies: each function takes the options of the table, and no others.
func TestFamilies(t *testing.T) {
	m := read(t)
	got := map[string]string{}
	for name, f := range m.functions() {
		option := optionOf(f)
		if option == nil {
			continue
		}
		var fits []string
		for name, o := range m.options() {
			if types.AssignableTo(o, option) && !slices.Contains(fits, name) {
				fits = append(fits, name)
			}
		}
		slices.Sort(fits)
		got[name] = strings.Join(fits, " ")
	}
	want := map[string]string{}
	for name, options := range takes {
		all := strings.Fields(options)
		slices.Sort(all)
		want[name] = strings.Join(all, " ")
	}
	require.Equal(t, want, got)
}

// TestMustNotCompile: an option that an operator does not take is a compiler error, and
// an option that it takes is not. Each row has an expression, and a part of the compiler's
// error; an empty error means that the expression compiles.
func TestMustNotCompile(t *testing.T) {
	m := read(t)
	for code, says := range map[string]string{
		`operators.BufferWithCount[int](2, operators.WithStep(1), operators.FlushOnError(), tp.OnDiscard(nil))`:     "",
		`operators.BufferWithCount[int](2, operators.EmitEmpty())`:                                                  "missing method bufferWithCount",
		`operators.BufferWithTime[int](2, operators.WithStep(1))`:                                                   "missing method bufferWithTime",
		`operators.SlidingWindow[int](2, 1, operators.WithStep(1))`:                                                 "missing method slidingWindow",
		`operators.GroupByN(2, func(int) int { return 0 }, tp.WithQueue(9))`:                                        "",
		`operators.GroupByN(2, func(int) int { return 0 }, operators.WithIdle(1))`:                                  "missing method queue",
		`tp.Publish(tp.Just(1)).RefCount(tp.WithGrace(1), operators.KeepOnError())`:                                 "",
		`tp.Publish(tp.Just(1)).RefCount(tp.WithTTL(1))`:                                                            "missing method refCount",
		`tp.Publish(tp.Just(1)).RefCount(tp.WithQueue(1))`:                                                          "missing method refCount",
		`operators.Share[int](tp.WithTTL(1))`:                                                                       "missing method share",
		`operators.ShareReplay[int](1, tp.WithTTL(1))`:                                                              "",
		`operators.Timeout[int](1, operators.FallbackTo(tp.Just(1)), operators.WithScope[int](operators.WholeRun))`: "",
		`operators.Timeout[int](1, operators.FallbackTo(tp.Just("a")))`:                                             "wrong type for method set",
		`operators.Timeout[int](1, tp.OnDiscard(nil))`:                                                              "does not implement",
		`operators.RateLimit[int](1, 1, operators.WithCost(func(string) int { return 1 }))`:                         "wrong type for method set",
		`operators.RateLimit[int](1, 1, operators.WithBurst[int](3), operators.OnDrop(func(int) {}))`:               "",
		`operators.Intersperse[string]("a", operators.WithEnds(1, 2))`:                                              "wrong type for method set",
		`operators.OnBackpressureDrop(operators.OnDrop(func(int) {}))`:                                              "",
		`operators.OnBackpressureDrop(operators.WithMaxBytes[int](1))`:                                              "does not match",
		`operators.Parallel(1, operators.AsResults[int, int](nil), operators.StopInner())`:                          "missing method parallel",
		`tp.QueueOption(operators.Ordered())`:                                                                       "missing method queue",
	} {
		err := m.compile("package p\nimport tp \"" + module + "\"\nimport \"" + module + "/operators\"\nvar _ = tp.Just(operators.Self[int])\nvar _ = " + code + "\n")
		if says == "" {
			require.NoError(t, err, code)
		} else {
			require.ErrorContains(t, err, says, code)
		}
	}
}

// compiled is the module as the compiler sees it.
type compiled struct {
	fset     *token.FileSet
	importer types.Importer
	packages []*types.Package
}

// read reads the packages that the go command has already compiled for this test. It
// needs no network.
func read(t *testing.T) *compiled {
	t.Helper()
	list := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", module+"/operators")
	list.Env = append(os.Environ(), "GOPROXY=off")
	var trouble bytes.Buffer
	list.Stderr = &trouble
	out, err := list.Output()
	if err != nil {
		t.Skipf("no go command: %v: %s", err, trouble.String())
	}
	files := map[string]string{}
	for s := bufio.NewScanner(bytes.NewReader(out)); s.Scan(); {
		path, file, _ := strings.Cut(s.Text(), " ")
		files[path] = file
	}
	m := &compiled{fset: token.NewFileSet()}
	m.importer = importer.ForCompiler(m.fset, "gc", func(path string) (io.ReadCloser, error) {
		if files[path] == "" {
			return nil, fmt.Errorf("%s is not compiled", path)
		}
		return os.Open(files[path])
	})
	for _, path := range []string{module, module + "/operators"} {
		p, err := m.importer.Import(path)
		require.NoError(t, err)
		m.packages = append(m.packages, p)
	}
	return m
}

// compile type-checks a file.
func (m *compiled) compile(code string) error {
	f, err := parser.ParseFile(m.fset, "p.go", code, 0)
	if err != nil {
		return err
	}
	_, err = (&types.Config{Importer: m.importer}).Check("p", m.fset, []*ast.File{f}, nil)
	return err
}

// functions returns the exported functions and methods, by name, for items of type int.
func (m *compiled) functions() map[string]*types.Signature {
	all := map[string]*types.Signature{}
	for _, p := range m.packages {
		for _, name := range p.Scope().Names() {
			switch o := p.Scope().Lookup(name).(type) {
			case *types.Func:
				if o.Exported() {
					all[name] = ofInts(o.Type()).(*types.Signature) //nolint:forcetypeassert // a function's type is one
				}
			case *types.TypeName:
				named, ok := ofInts(o.Type()).(*types.Named)
				for i := 0; ok && i < named.NumMethods(); i++ {
					if f := named.Method(i); f.Exported() {
						all[name+"."+f.Name()] = f.Signature()
					}
				}
			}
		}
	}
	return all
}

// options returns the types of all options, by the functions that make them.
func (m *compiled) options() map[string]types.Type {
	all := map[string]types.Type{}
	for name, f := range m.functions() {
		if f.Recv() == nil && f.Results().Len() == 1 && isOption(f.Results().At(0).Type()) {
			all[name] = f.Results().At(0).Type()
		}
	}
	return all
}

// optionOf returns the type of the options that a function takes, or nil.
func optionOf(f *types.Signature) types.Type {
	if !f.Variadic() {
		return nil
	}
	last, ok := f.Params().At(f.Params().Len() - 1).Type().(*types.Slice)
	if !ok || !isOption(last.Elem()) {
		return nil
	}
	return last.Elem()
}

// isOption reports whether t has the method of an option.
func isOption(t types.Type) bool {
	methods := types.NewMethodSet(t)
	for i := range methods.Len() {
		if f := methods.At(i).Obj(); f.Name() == "set" && f.Pkg().Path() == module+"/internal/opt" {
			return true
		}
	}
	return false
}

// ofInts returns t with int for each of its type parameters.
func ofInts(t types.Type) types.Type {
	var params *types.TypeParamList
	switch t := t.(type) {
	case *types.Signature:
		params = t.TypeParams()
	case *types.Named:
		params = t.TypeParams()
	}
	if params.Len() == 0 {
		return t
	}
	ints := make([]types.Type, params.Len())
	for i := range ints {
		ints[i] = types.Typ[types.Int]
	}
	is, err := types.Instantiate(nil, t, ints, false)
	if err != nil {
		return t
	}
	return is
}
