package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/doc"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
)

const module = "github.com/turbopipes/turbopipes"

// library is the code that the pages describe.
type library struct {
	fset     *token.FileSet
	packages []*pkg // the first one is the root
	kin      kin
	families []*family
	costs    costs
}

// family is one heading of a package's comment. Several packages may share it.
type family struct {
	title   string
	entries []*entry
}

func (f *family) path() string { return filepath.Join(pagesDir, slug(f.title)+".md") }

// entry is a name in a family.
type entry struct {
	name     string
	pkg      *pkg
	family   *family
	text     string // the comment
	decl     ast.Decl
	file     string
	diagram  diagram
	examples []*doc.Example
	options  []option
	makers   []*doc.Func // of a type
	methods  []*doc.Func
}

func (e *entry) picture() string {
	return filepath.Join(marblesDir, snake(e.name)+".svg")
}

// snake turns FlatMap into flat_map.
func snake(name string) string {
	var b strings.Builder
	for i, r := range strings.ReplaceAll(name, ".", "") {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// pkg is a package with its declarations.
type pkg struct {
	*doc.Package
	dir   string
	funcs map[string]*doc.Func // also "Observable.Each"
	types map[string]*doc.Type
	vars  map[string]string // the files of variables and constants
}

// load reads the packages in these directories.
func load(dirs ...string) (*library, error) {
	lib := &library{fset: token.NewFileSet(), kin: kin{}}
	for _, dir := range dirs {
		p, err := lib.read(dir)
		if err != nil {
			return nil, err
		}
		lib.packages = append(lib.packages, p)
	}
	var missing []error
	for _, p := range lib.packages {
		missing = append(missing, lib.gather(p))
	}
	for _, e := range lib.entries() {
		e.options = lib.optionsOf(e)
	}
	return lib, errors.Join(missing...)
}

func (lib *library) read(dir string) (*pkg, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, path := range paths {
		if strings.Contains(filepath.Base(path), "_go127") {
			continue // not for the oldest version's parser
		}
		f, err := parser.ParseFile(lib.fset, path, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	lib.kin.add(files)
	d, err := doc.NewFromFiles(lib.fset, files, strings.TrimSuffix(module+"/"+dir, "/."))
	if err != nil {
		return nil, err
	}
	p := &pkg{Package: d, dir: dir, funcs: map[string]*doc.Func{}, types: map[string]*doc.Type{}, vars: map[string]string{}}
	for _, f := range d.Funcs {
		p.funcs[f.Name] = f
	}
	for _, v := range slices.Concat(d.Vars, d.Consts) {
		p.note(lib.fset, v)
	}
	for _, t := range d.Types {
		for _, v := range slices.Concat(t.Vars, t.Consts) {
			p.note(lib.fset, v)
		}
		p.types[t.Name] = t
		for _, f := range t.Funcs {
			p.funcs[f.Name] = f
		}
		for _, f := range t.Methods {
			p.funcs[t.Name+"."+f.Name] = f
		}
	}
	return p, nil
}

// note remembers where values are declared.
func (p *pkg) note(fset *token.FileSet, v *doc.Value) {
	for _, name := range v.Names {
		p.vars[name] = fset.Position(v.Decl.Pos()).Filename
	}
}

// gather makes an entry for each name in the lists of the package's comment.
func (lib *library) gather(p *pkg) error {
	var at *family
	for _, block := range p.Parser().Parse(p.Doc).Content {
		switch block := block.(type) {
		case *comment.Heading:
			at = &family{title: plain(block.Text)}
			if i := slices.IndexFunc(lib.families, func(f *family) bool { return f.title == at.title }); i >= 0 {
				at = lib.families[i]
			}
		case *comment.List:
			if at == nil {
				continue
			}
			for _, name := range names(block) {
				e, err := p.entry(lib.fset, name)
				if err != nil {
					return err
				}
				e.family = at
				at.entries = append(at.entries, e)
			}
			if !slices.Contains(lib.families, at) {
				lib.families = append(lib.families, at)
			}
		}
	}
	return nil
}

// plain returns text without its marks.
func plain(text []comment.Text) string {
	var b strings.Builder
	for _, t := range text {
		switch t := t.(type) {
		case comment.Plain:
			b.WriteString(string(t))
		case *comment.DocLink:
			b.WriteString(plain(t.Text))
		}
	}
	return b.String()
}

// names returns the names at the beginning of a list's items, before the colon.
func names(l *comment.List) (found []string) {
	for _, item := range l.Items {
		for _, block := range item.Content {
			p, ok := block.(*comment.Paragraph)
			if !ok {
				continue
			}
			for _, t := range p.Text {
				if text, ok := t.(comment.Plain); ok && strings.Contains(string(text), ":") {
					break // the rest is an explanation
				}
				if link, ok := t.(*comment.DocLink); ok {
					found = append(found, strings.TrimPrefix(link.Recv+"."+link.Name, "."))
				}
			}
		}
	}
	return found
}

// entry finds the declaration of name.
func (p *pkg) entry(fset *token.FileSet, name string) (*entry, error) {
	e := &entry{name: name, pkg: p}
	switch f, t := p.funcs[name], p.types[name]; {
	case f != nil:
		e.text, e.decl, e.examples = f.Doc, f.Decl, f.Examples
	case t != nil:
		e.text, e.decl, e.examples, e.makers, e.methods = t.Doc, t.Decl, t.Examples, t.Funcs, t.Methods
		for _, m := range t.Funcs {
			e.examples = append(e.examples, m.Examples...)
		}
		for _, m := range t.Methods {
			e.examples = append(e.examples, m.Examples...)
		}
	default:
		return nil, fmt.Errorf("the comment of %s lists %s, which does not exist", p.Name, name)
	}
	e.file = fset.Position(e.decl.Pos()).Filename
	d, err := read(e.text)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", e.file, name, err)
	}
	e.diagram = d
	return e, nil
}

// entries returns the entries of all families.
func (lib *library) entries() (all []*entry) {
	for _, f := range lib.families {
		all = append(all, f.entries...)
	}
	return all
}
