package main

import (
	"go/ast"
	"go/doc"
	"slices"
	"strings"
)

// option is a function that makes an option, and where it is declared.
type option struct {
	*doc.Func
	pkg *pkg
}

// shared is the name of the page for the options that several entries take.
const shared = "options"

// takers returns the entries that take the option.
func (lib *library) takers(o *doc.Func) (found []*entry) {
	for _, e := range lib.entries() {
		if slices.ContainsFunc(e.options, func(have option) bool { return have.Func == o }) {
			found = append(found, e)
		}
	}
	return found
}

// kin maps a type's name, with its package, to the families of options that the type
// belongs to. An interface belongs to the family that it embeds: opt.QueueOption is
// Queue. A struct belongs to the families whose markers it embeds: opt.ForQueue is Queue,
// too. An interface that embeds an opt.Option is a new family.
type kin map[string][]string

func (k kin) add(files []*ast.File) {
	for _, f := range files {
		for _, d := range f.Decls {
			decl, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range decl.Specs {
				if t, ok := s.(*ast.TypeSpec); ok {
					k.declare(f.Name.Name+"."+t.Name.Name, t.Type)
				}
			}
		}
	}
}

func (k kin) declare(name string, t ast.Expr) {
	var embedded *ast.FieldList
	switch t := t.(type) {
	case *ast.InterfaceType:
		embedded = t.Methods
	case *ast.StructType:
		embedded = t.Fields
	default:
		return
	}
	for _, field := range embedded.List {
		in, ok := strings.CutPrefix(typeName("", field.Type), "opt.")
		switch family, marks := strings.CutPrefix(in, "For"); {
		case len(field.Names) > 0 || !ok:
		case marks:
			k[name] = append(k[name], family)
		case in == "Option":
			k[name] = append(k[name], name)
		case strings.HasSuffix(in, "Option"):
			k[name] = append(k[name], strings.TrimSuffix(in, "Option"))
		}
	}
}

// typeName returns the name of a type with its package, without its type arguments.
func typeName(pkg string, t ast.Expr) string {
	switch t := t.(type) {
	case *ast.Ident:
		return pkg + "." + t.Name
	case *ast.SelectorExpr:
		return typeName("", t.X)[1:] + "." + t.Sel.Name
	case *ast.IndexExpr:
		return typeName(pkg, t.X)
	case *ast.IndexListExpr:
		return typeName(pkg, t.X)
	case *ast.StarExpr:
		return typeName(pkg, t.X)
	}
	return ""
}

// optionsOf returns the functions that return an option of the entry, by name. If both
// packages have the name, it is the root's function.
func (lib *library) optionsOf(e *entry) (options []option) {
	var takes []*doc.Func
	if f := e.pkg.funcs[e.name]; f != nil {
		takes = append(takes, f)
	}
	takes = append(takes, e.makers...)
	for _, f := range append(takes, e.methods...) {
		want := lib.kin[optionType(e.pkg.Name, f.Decl)]
		for _, p := range lib.packages {
			for _, maker := range p.makers() {
				if lib.serves(p, maker, want) && !slices.ContainsFunc(options, func(o option) bool { return o.Name == maker.Name }) {
					options = append(options, option{maker, p})
				}
			}
		}
	}
	slices.SortFunc(options, func(a, b option) int { return strings.Compare(a.Name, b.Name) })
	return options
}

// optionType returns the type of the options that a function takes, or "".
func optionType(pkg string, f *ast.FuncDecl) string {
	params := f.Type.Params.List
	if len(params) == 0 {
		return ""
	}
	last, variadic := params[len(params)-1].Type.(*ast.Ellipsis)
	if !variadic {
		return ""
	}
	return typeName(pkg, last.Elt)
}

// makers returns the package's functions without methods, in the order of their names.
func (p *pkg) makers() (makers []*doc.Func) {
	for _, f := range p.funcs {
		if f.Recv == "" {
			makers = append(makers, f)
		}
	}
	slices.SortFunc(makers, func(a, b *doc.Func) int { return strings.Compare(a.Name, b.Name) })
	return makers
}

// serves reports whether a function returns an option of one of these families.
func (lib *library) serves(p *pkg, maker *doc.Func, families []string) bool {
	results := maker.Decl.Type.Results
	if results == nil || len(results.List) != 1 {
		return false
	}
	have := lib.kin[typeName(p.Name, results.List[0].Type)]
	return slices.ContainsFunc(families, func(f string) bool { return slices.Contains(have, f) })
}
