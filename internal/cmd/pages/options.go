package main

import (
	"go/ast"
	"go/doc"
	"regexp"
	"slices"
	"strings"
)

// option is a function that makes an option, and where it is declared.
type option struct {
	*doc.Func
	pkg *pkg
}

// shared is a page's name for the options that several entries take.
const shared = "options"

// takers are the entries that take the option.
func (lib *library) takers(o *doc.Func) (found []*entry) {
	for _, e := range lib.entries() {
		if slices.ContainsFunc(e.options, func(have option) bool { return have.Func == o }) {
			found = append(found, e)
		}
	}
	return found
}

// methods are those of each type and interface, unexported ones too, by the
// type's name with its package: options are told apart by these.
type methods map[string][]string

// alias is before the name of one; its only method is what it stands for.
const alias = "="

// of gives the methods of a type.
func (m methods) of(name string) []string {
	if target := m[alias+name]; target != nil {
		return m.of(target[0])
	}
	return m[name]
}

func (m methods) add(files []*ast.File) {
	for _, f := range files {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv != nil {
					name := typeName(f.Name.Name, d.Recv.List[0].Type)
					m[name] = append(m[name], d.Name.Name)
				}
			case *ast.GenDecl:
				m.addInterfaces(f.Name.Name, d)
			}
		}
	}
}

func (m methods) addInterfaces(pkg string, d *ast.GenDecl) {
	for _, s := range d.Specs {
		t, ok := s.(*ast.TypeSpec)
		if !ok {
			continue
		}
		i, ok := t.Type.(*ast.InterfaceType)
		if !ok {
			if t.Assign.IsValid() {
				m[alias+pkg+"."+t.Name.Name] = []string{typeName(pkg, t.Type)}
			}
			continue
		}
		for _, method := range i.Methods.List {
			for _, n := range method.Names {
				m[pkg+"."+t.Name.Name] = append(m[pkg+"."+t.Name.Name], n.Name)
			}
		}
	}
}

// typeName is the name of a type with its package, without its arguments.
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

// optionsOf are the functions that return an option which the entry takes, by
// name. Of two namesakes in two packages it is the root's.
func (lib *library) optionsOf(e *entry) (options []option) {
	var takes []*doc.Func
	if f := e.pkg.funcs[e.name]; f != nil {
		takes = append(takes, f)
	}
	takes = append(takes, e.makers...)
	for _, f := range takes {
		takes := optionType(e.pkg.Name, f.Decl)
		if !strings.HasSuffix(takes, "Option") || len(lib.methods.of(takes)) == 0 {
			continue
		}
		for _, p := range lib.packages {
			for _, maker := range p.makers() {
				if lib.serves(p, maker, lib.methods.of(takes)) && !lib.elsewhere(maker, e) && !slices.ContainsFunc(options, func(o option) bool { return o.Name == maker.Name }) {
					options = append(options, option{maker, p})
				}
			}
		}
	}
	slices.SortFunc(options, func(a, b option) int { return strings.Compare(a.Name, b.Name) })
	return options
}

// optionType is the type of the options that a function takes, or nothing.
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

// makers are the package's functions, less methods, in the order of their names.
func (p *pkg) makers() (makers []*doc.Func) {
	for _, f := range p.funcs {
		if f.Recv == "" {
			makers = append(makers, f)
		}
	}
	slices.SortFunc(makers, func(a, b *doc.Func) int { return strings.Compare(a.Name, b.Name) })
	return makers
}

// serves tells whether a function returns what has the methods that are wanted.
func (lib *library) serves(p *pkg, maker *doc.Func, want []string) bool {
	results := maker.Decl.Type.Results
	if results == nil || len(results.List) != 1 {
		return false
	}
	have := lib.methods.of(typeName(p.Name, results.List[0].Type))
	return !slices.ContainsFunc(want, func(m string) bool { return !slices.Contains(have, m) })
}

var word = regexp.MustCompile(`[A-Za-z0-9.]*[A-Za-z0-9]`)

// elsewhere tells whether a comment says that the option is of entries which e is
// not among.
func (lib *library) elsewhere(maker *doc.Func, e *entry) bool {
	said := false
	for _, w := range word.FindAllString(maker.Doc, -1) {
		w = strings.TrimPrefix(w, "operators.")
		for _, other := range lib.entries() {
			if other.name != w && !other.makes(w) || !lib.takesOptions(other) || w == maker.Name {
				continue
			}
			if other == e {
				return false
			}
			said = true
		}
	}
	return said
}

// takesOptions tells whether there are options of an entry at all.
func (lib *library) takesOptions(e *entry) bool {
	for _, f := range append(slices.Clone(e.makers), e.pkg.funcs[e.name]) {
		if f != nil && strings.HasSuffix(optionType(e.pkg.Name, f.Decl), "Option") {
			return true
		}
	}
	return false
}
