package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/doc"
	"go/doc/comment"
	"go/format"
	"go/printer"
	"path/filepath"
	"slices"
	"strings"
)

// generated is the first line of a page.
const generated = "<!-- Made by internal/cmd/pages from the code. Edit the comments there and run go generate. -->\n\n"

// page returns the page of a family: each entry with its picture, signature, comment,
// options and example.
func (lib *library) page(f *family) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s# %s\n\n", generated, f.title)
	var links []string
	for _, e := range f.entries {
		links = append(links, fmt.Sprintf("[%s](#%s)", e.name, slug(e.name)))
	}
	fmt.Fprintf(&b, "%s\n\n[All families](README.md) · [Which one do I need?](choosing.md) · [Names elsewhere](names.md)\n", strings.Join(links, " · "))
	for _, e := range f.entries {
		lib.section(&b, e)
	}
	return b.Bytes()
}

func (lib *library) section(b *bytes.Buffer, e *entry) {
	fmt.Fprintf(b, "\n## %s\n\n", e.name)
	if e.diagram.drawn() {
		alt := strings.NewReplacer("[", "(", "]", ")", "|", "¦", "*", "").Replace(e.diagram.alt(e.name))
		fmt.Fprintf(b, "![%s](../marbles/%s)\n\n", alt, filepath.Base(e.picture()))
	}
	fmt.Fprintf(b, "```go\n%s\n```\n\n", lib.signature(e.decl))
	b.Write(lib.markdown(e.pkg, e.text, true))
	for _, maker := range e.makers {
		fmt.Fprintf(b, "\n```go\n%s\n```\n\n", lib.signature(maker.Decl))
		b.Write(lib.markdown(e.pkg, maker.Doc, false))
	}
	lib.list(b, "Methods", methodsAsOptions(e))
	lib.list(b, optionsTitle, e.options)
	lib.costs.lines(b, e.name)
	for _, x := range e.examples {
		lib.example(b, x)
	}
	fmt.Fprintf(b, "\n<sub>package %s, [%s](%s)</sub>\n", e.pkg.Name, e.file, source(e.file))
}

func methodsAsOptions(e *entry) (all []option) {
	for _, m := range e.methods {
		all = append(all, option{m, e.pkg})
	}
	return all
}

// source returns the link from a page to a file.
func source(file string) string { return "../../" + filepath.ToSlash(file) }

// optionsTitle is the title above the options of an entry.
const optionsTitle = "Options"

// list writes functions under a title. For an option that other entries take too, it
// writes only the first sentence.
func (lib *library) list(b *bytes.Buffer, title string, options []option) {
	if len(options) == 0 {
		return
	}
	fmt.Fprintf(b, "\n**%s**\n\n", title)
	for _, o := range options {
		doc := o.Doc
		if len(lib.takers(o.Func)) > 1 {
			doc = o.pkg.Synopsis(doc) + fmt.Sprintf(" More under [%s].", o.Name)
		}
		text := strings.TrimSpace(string(lib.markdown(o.pkg, doc, false)))
		text = strings.ReplaceAll(strings.Join(strings.Split(text, "\n"), "\n  "), "\n  \n", "\n\n")
		name := oneLine(lib.signature(o.Decl))
		if title == optionsTitle {
			name = o.pkg.Name + "." + name
		}
		fmt.Fprintf(b, "- `%s`\n\n  %s\n", name, text)
	}
}

// options returns the page of all options: a table with the entries that take each
// option, and the comments of the options that several entries take.
func (lib *library) options() []byte {
	var b, several bytes.Buffer
	fmt.Fprintf(&b, "%s# Options\n\n", generated)
	b.WriteString("Each option with its package, and what takes it. The compiler checks it: an option that is not listed for an operator does not compile there. ")
	b.WriteString("Where an option has a type parameter T, it is the type of the items.\n\n| Option | Taken by |\n|---|---|\n")
	for _, p := range lib.packages {
		for _, f := range p.makers() {
			takers := lib.takers(f)
			if len(takers) == 0 {
				continue
			}
			var names []string
			for _, e := range takers {
				names = append(names, fmt.Sprintf("[%s](%s.md#%s)", e.name, slug(e.family.title), slug(e.name)))
			}
			fmt.Fprintf(&b, "| [`%s`](%s) | %s |\n", callOf(p, f), lib.find(p, f.Name), strings.Join(names, ", "))
			if len(takers) == 1 {
				continue
			}
			fmt.Fprintf(&several, "\n## %s\n\n```go\n%s\n```\n\n", f.Name, lib.signature(f.Decl))
			several.Write(lib.markdown(p, f.Doc, false))
			for _, x := range f.Examples {
				lib.example(&several, x)
			}
		}
	}
	b.Write(several.Bytes())
	return b.Bytes()
}

// callOf returns a call of a function, with its package, its type parameters and the
// names of its parameters.
func callOf(p *pkg, f *doc.Func) string {
	var b strings.Builder
	b.WriteString(p.Name + "." + f.Name)
	if params := f.Decl.Type.TypeParams; params != nil {
		b.WriteString("[" + strings.Join(namesOf(params), ", ") + "]")
	}
	b.WriteString("(" + strings.Join(namesOf(f.Decl.Type.Params), ", ") + ")")
	return b.String()
}

func namesOf(fields *ast.FieldList) (names []string) {
	for _, field := range fields.List {
		for _, name := range field.Names {
			names = append(names, name.Name)
		}
	}
	return names
}

func oneLine(s string) string {
	return strings.TrimPrefix(strings.Join(strings.Fields(s), " "), "func ")
}

// signature returns a declaration without its body and comment.
func (lib *library) signature(d ast.Decl) string {
	switch decl := d.(type) {
	case *ast.FuncDecl:
		c := *decl
		c.Doc, c.Body = nil, nil
		d = &c
	case *ast.GenDecl:
		c := *decl
		c.Doc = nil
		d = &c
	}
	var b bytes.Buffer
	if err := format.Node(&b, lib.fset, d); err != nil {
		return err.Error()
	}
	return strings.ReplaceAll(b.String(), "\t// contains filtered or unexported fields\n", "")
}

// markdown returns a comment in Markdown, with a link for each name that has a section.
// A diagram that has a picture is left out.
func (lib *library) markdown(of *pkg, text string, drawn bool) []byte {
	d := of.Parser().Parse(text)
	if code := block(d); code != nil && drawn {
		d.Content = slices.DeleteFunc(d.Content, func(b comment.Block) bool { return b == comment.Block(code) })
	}
	p := of.Printer()
	p.HeadingLevel = 3
	p.HeadingID = func(*comment.Heading) string { return "" }
	p.DocLinkURL = func(link *comment.DocLink) string { return lib.url(of, link) }
	return p.Markdown(d)
}

// url returns the link from a family's page to a name.
func (lib *library) url(from *pkg, link *comment.DocLink) string {
	p := from
	if link.ImportPath != "" {
		p = nil
		for _, other := range lib.packages {
			if other.ImportPath == link.ImportPath {
				p = other
			}
		}
		if p == nil {
			return "https://pkg.go.dev/" + link.ImportPath + "#" + strings.TrimPrefix(link.Recv+"."+link.Name, ".")
		}
	}
	return lib.find(p, strings.TrimPrefix(link.Recv+"."+link.Name, "."))
}

// find returns the address of a name of the package: its section, or its file.
func (lib *library) find(p *pkg, name string) string {
	for _, e := range lib.entries() {
		if e.pkg == p && (e.name == name || strings.HasPrefix(name, e.name+".") && p.types[e.name] != nil || e.makes(name)) {
			return slug(e.family.title) + ".md#" + slug(e.name)
		}
	}
	if f := p.funcs[name]; f != nil {
		switch takers := lib.takers(f); len(takers) {
		case 0:
		case 1:
			return slug(takers[0].family.title) + ".md#" + slug(takers[0].name)
		default:
			return shared + ".md#" + slug(name)
		}
	}
	switch f, t := p.funcs[name], p.types[name]; {
	case p.vars[name] != "":
		return source(p.vars[name])
	case f != nil:
		return source(lib.fset.Position(f.Decl.Pos()).Filename)
	case t != nil:
		return source(lib.fset.Position(t.Decl.Pos()).Filename)
	}
	if base, _, ok := strings.Cut(name, "."); ok {
		return lib.find(p, base)
	}
	return source(filepath.Join(p.dir, "doc.go"))
}

func (e *entry) makes(name string) bool {
	return slices.ContainsFunc(e.makers, func(f *doc.Func) bool { return f.Name == name })
}

// example writes the body of an example, and its output.
func (lib *library) example(b *bytes.Buffer, x *doc.Example) {
	var code bytes.Buffer
	if err := format.Node(&code, lib.fset, &printer.CommentedNode{Node: x.Code, Comments: x.Comments}); err != nil {
		return
	}
	lines := strings.Split(strings.Trim(code.String(), "{}\n"), "\n")
	var kept []string
	for _, line := range lines {
		if strings.HasPrefix(strings.TrimSpace(line), "// Output:") || strings.HasPrefix(strings.TrimSpace(line), "// Unordered output:") {
			break
		}
		kept = append(kept, strings.TrimPrefix(line, "\t"))
	}
	title := "Example"
	if x.Suffix != "" {
		title += ", " + strings.ReplaceAll(x.Suffix, "_", " ")
	}
	fmt.Fprintf(b, "\n**%s**\n\n```go\n%s\n```\n", title, strings.TrimSpace(strings.Join(kept, "\n")))
	if x.Output != "" {
		fmt.Fprintf(b, "\n```text\n%s\n```\n", strings.TrimSpace(x.Output))
	}
}

// index lists the families with the first sentence of each entry.
func (lib *library) index() []byte {
	var b bytes.Buffer
	pictures := 0
	for _, e := range lib.entries() {
		if e.diagram.drawn() {
			pictures++
		}
	}
	fmt.Fprintf(&b, "%s# Reference by family\n\n", generated)
	fmt.Fprintf(&b, "There are %d names. %d of them have a picture. It is drawn from the diagram in the comment, and a test runs the diagram. ", len(lib.entries()), pictures)
	b.WriteString("[Which one do I need?](choosing.md) finds a name for a need, and [Names elsewhere](names.md) finds it from the names of other libraries.\n\n")
	b.WriteString("How to read a picture: time goes from left to right. A circle is an item, a bar is the stream's completion, and a cross is its failure. ")
	b.WriteString("Events of one instant are stacked. Above the box are the operator's inputs, and below it is its output. A line that ends with an arrow continues.\n")
	for _, f := range lib.families {
		fmt.Fprintf(&b, "\n## [%s](%s.md)\n\n| | |\n|---|---|\n", f.title, slug(f.title))
		for _, e := range f.entries {
			name := e.name
			if e.pkg != lib.packages[0] && len(lib.packages) > 1 && hasBoth(f) {
				name = e.pkg.Name + "." + name
			}
			fmt.Fprintf(&b, "| [%s](%s.md#%s) | %s |\n", name, slug(f.title), slug(e.name), strings.ReplaceAll(e.pkg.Synopsis(e.text), "|", "\\|"))
		}
	}
	return b.Bytes()
}

// hasBoth reports whether a family has entries of several packages.
func hasBoth(f *family) bool {
	for _, e := range f.entries {
		if e.pkg != f.entries[0].pkg {
			return true
		}
	}
	return false
}
