package plain

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	kjson "sigs.k8s.io/json"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/yaml"

	"github.com/statefulc/statefulc/diag"
)

// What a manifest may be. An object of more than 1.5 MB does not fit into
// etcd; definitions of custom resources are nested some fifty deep.
const (
	maxFile      = 8 << 20
	maxDocument  = 2 << 20
	maxDocuments = 10_000
	maxDepth     = 200
	maxAliased   = 100_000 // values that aliases stand for, in one file
)

// text is a piece of a file that holds YAML, on its way to values.
type text struct {
	file    string
	lines   [][]byte // those of the file that it begins at
	line    int      // before it, in the file
	indent  int      // columns before it, in each line
	only    diag.Pos // if valid, the place of all of it: lines are not to be told apart
	syntax  int      // how often it was no YAML
	aliased int

	literals map[int]bool // lines that are text, whatever they look like
	waivers  []diag.Waiver

	begins map[int][]int  // of the characters in a line of the file; nil if each is a byte
	words  map[string]any // plain scalars that were read before
	found  diag.List
}

func newText(file string) *text {
	return &text{file: file, literals: map[int]bool{}, words: map[string]any{}, begins: map[int][]int{}}
}

// parse reads a file: its documents, as far as they are YAML. One that is none
// does not hide the others. What is to be said of it, and its waivers, are in
// the text.
func parse(file string, data []byte) ([]*value, *text) {
	t := newText(file)
	if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
		t.report(diag.Pos{File: file, Line: 1, Col: 1}, "the file is no text in UTF-8", "Save it as UTF-8, or give it another name if it is no YAML.")
		return nil, t
	}
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	var out []*value
	for i, c := range documents(data) {
		if i == maxDocuments {
			t.report(diag.Pos{File: file, Line: c.line + 1, Col: 1}, fmt.Sprintf("more than %d documents", i), "Make several files of it.")
			break
		}
		before := t.syntax
		out = append(out, t.document(c)...)
		if line := slices.IndexFunc(c.lines, template.Match); line >= 0 && t.syntax > before {
			t.found, t.waivers = diag.List{{
				Rule: badYAML, Severity: diag.Warning, Pos: diag.Pos{File: file, Line: c.line + line + 1, Col: 1},
				Message: "the file is a Helm template, and no YAML: it is not judged",
				Fix:     "Give what `helm template` prints.",
			}}, nil
			return nil, t
		}
	}
	return out, t
}

// template is a line with an action of Helm where a value begins, in braces too.
// Text may hold one, as that of Prometheus does: it is the reason only where a
// document is no YAML.
var template = regexp.MustCompile(`(^\s*(- )*|[{\[]\s*|,\s*[\w./-]+:\s*)([\w./-]+:\s*)?\{\{`)

// chunk is some lines of a file.
type chunk struct {
	lines [][]byte
	line  int // before them
}

// documents cuts a file at the lines that begin with ---, as kubectl does.
// What has nothing but comments and directives belongs to the next one.
func documents(data []byte) []chunk {
	lines := bytes.SplitAfter(data, []byte("\n"))
	var out []chunk
	begin, empty := 0, true
	for i, line := range lines {
		if isSeparator(line) && i > begin && !empty {
			out = append(out, chunk{lines[begin:i], begin})
			begin, empty = i, true
			continue
		}
		trimmed := bytes.TrimSpace(line)
		empty = empty && (len(trimmed) == 0 || trimmed[0] == '#' || trimmed[0] == '%')
	}
	return append(out, chunk{lines[begin:], begin})
}

func isSeparator(line []byte) bool {
	rest, found := bytes.CutPrefix(line, []byte("---"))
	return found && (len(rest) == 0 || bytes.ContainsAny(rest[:1], " \t\r\n"))
}

// document reads the lines of one document.
func (t *text) document(c chunk) []*value {
	t.lines, t.line = c.lines, c.line
	whole := bytes.Join(c.lines, nil)
	if len(whole) > maxDocument {
		t.report(t.place(1, 1), fmt.Sprintf("a document of %d MB, more than the %d that are read", len(whole)>>20, maxDocument>>20), "Make several of it: an object of 1.5 MB does not fit into etcd.")
		return nil
	}
	out := t.values(whole)
	t.waive(out)
	return out
}

func (t *text) values(whole []byte) []*value {
	decoder := kyaml.NewDecoder(bytes.NewReader(whole))
	var out []*value
	for {
		n := new(kyaml.Node)
		err := decoder.Decode(n)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.refused(err)
			return out
		}
		if len(n.Content) > 0 {
			out = append(out, t.value(n.Content[0], 0))
		}
	}
}

var (
	yamlError     = regexp.MustCompile(`^yaml: line (\d+): (.*)$`)
	indentedByTab = regexp.MustCompile(`^ *\t`)
	unknownAnchor = regexp.MustCompile(`^unknown anchor '(.+)' referenced$`)
)

// refused reports what the parser says, at its line.
func (t *text) refused(err error) {
	t.syntax++
	message, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if m := yamlError.FindStringSubmatch(err.Error()); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = m[2]
	} else if m := unknownAnchor.FindStringSubmatch(message); m != nil { // which has no line
		line = 1 + slices.IndexFunc(t.lines, func(line []byte) bool { return bytes.Contains(line, []byte("*"+m[1])) })
	}
	line = min(max(line, 1), len(t.lines))
	for _, at := range []int{line, line + 1, line - 1} { // the parser counts one less in a map
		if 0 < at && at <= len(t.lines) && indentedByTab.Match(t.lines[at-1]) {
			t.report(t.place(at, 1+bytes.IndexByte(t.lines[at-1], '\t')), "a tab, where YAML takes spaces only", "Indent with spaces.")
			return
		}
	}
	text := t.lines[line-1]
	t.report(t.place(line, 1+len(text)-len(bytes.TrimLeft(text, " \t"))), message, "Mend the YAML here, or just above.")
}

func (t *text) report(pos diag.Pos, message, fix string, related ...diag.Related) {
	t.found = append(t.found, diag.Diagnostic{Rule: badYAML, Pos: pos, Message: message, Fix: fix, Related: related})
}

// place is a position in the file; the parser counts characters, we bytes.
func (t *text) place(line, col int) diag.Pos {
	if t.only.IsValid() {
		return t.only
	}
	if 0 < line && line <= len(t.lines) {
		col = t.bytes(line, col)
	}
	return diag.Pos{File: t.file, Line: t.line + line, Col: t.indent + col}
}

// bytes is a column in bytes. The begins of a line's characters are kept: all of
// a file may be one line.
func (t *text) bytes(line, col int) int {
	begins, known := t.begins[t.line+line]
	if !known {
		if text := string(t.lines[line-1]); len(text) != utf8.RuneCountInString(text) {
			for i := range text {
				begins = append(begins, i)
			}
		}
		t.begins[t.line+line] = begins
	}
	if 0 < col && col <= len(begins) {
		return begins[col-1] + 1
	}
	return col
}

func (t *text) at(n *kyaml.Node) diag.Pos { return t.place(n.Line, n.Column) }

// value reads a node, and what it stands for.
func (t *text) value(n *kyaml.Node, depth int) *value {
	v := &value{pos: t.at(n)}
	if depth > maxDepth {
		t.report(v.pos, fmt.Sprintf("nested deeper than %d", maxDepth), "Write it with fewer levels: nothing in Kubernetes has as many.")
		return v
	}
	switch n.Kind {
	case kyaml.AliasNode:
		return t.alias(n, depth)
	case kyaml.MappingNode:
		v.entries = map[string]*value{}
		t.entries(v, n, depth)
	case kyaml.SequenceNode:
		v.isList = true
		for _, below := range n.Content {
			v.list = append(v.list, t.value(below, depth+1))
		}
	default:
		v.scalar, v.text = t.scalar(n), n.Value
		v.block, v.last = t.block(n)
	}
	return v
}

// block is the indentation of a literal, and the last line of one or of a folded
// text.
func (t *text) block(n *kyaml.Node) (indent, last int) {
	if n.Style&(kyaml.LiteralStyle|kyaml.FoldedStyle) == 0 || t.only.IsValid() || strings.TrimSpace(n.Value) == "" {
		return 0, 0
	}
	for i := min(n.Line, len(t.lines)); i < len(t.lines); i++ {
		text := bytes.TrimLeft(t.lines[i], " ")
		switch before := len(t.lines[i]) - len(text); {
		case len(bytes.TrimSpace(text)) == 0:
			continue
		case last == 0:
			indent = before
		case before < indent:
			i = len(t.lines)
			continue
		}
		last = t.line + i + 1
		t.literals[last] = true
	}
	if n.Style&kyaml.LiteralStyle == 0 {
		return 0, last
	}
	return t.indent + indent, last
}

// parseIn reads YAML that stands in a string of another file: a patch in a
// kustomization. Of a string that is no literal, all has the place of the whole.
func parseIn(v *value) ([]*value, *text) {
	t := newText(v.pos.File)
	if v.block == 0 {
		t.only = v.pos
	}
	var out []*value
	for _, c := range documents([]byte(v.str())) {
		t.indent = v.block
		c.line += v.pos.Line
		out = append(out, t.document(c)...)
	}
	return out, t
}

// alias reads what an alias stands for, which may be more aliases.
func (t *text) alias(n *kyaml.Node, depth int) *value {
	if t.aliased += size(n.Alias, maxDepth); t.aliased > maxAliased {
		if t.aliased < 1<<40 {
			t.report(t.at(n), fmt.Sprintf("aliases stand for more than %d values", maxAliased), "Write them out, or in several files.")
		}
		t.aliased = 1 << 40 // said once
		return &value{pos: t.at(n)}
	}
	v := t.value(n.Alias, depth+1)
	v.pos = t.at(n)
	return v
}

// size is the number of nodes of which n consists, aliases not followed.
func size(n *kyaml.Node, depth int) int {
	sum := 1
	if depth > 0 {
		for _, below := range n.Content {
			sum += size(below, depth-1)
		}
	}
	return sum
}

// entries reads the entries of a map. What it merges (<<) gives way to its own.
func (t *text) entries(v *value, n *kyaml.Node, depth int) {
	var merged []*value
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, below := n.Content[i], t.value(n.Content[i+1], depth+1)
		if key.Tag == "!!merge" || key.Value == "<<" && key.Style == 0 {
			merged = append(merged, below)
			continue
		}
		name, ok := t.key(key)
		if !ok {
			continue
		}
		if below.isMap() || below.isList {
			below.pos = t.at(key)
		}
		if first, twice := v.entries[name]; twice {
			t.report(t.at(key), fmt.Sprintf("the key %s is there twice", name), "Leave one of them out: the API server refuses both.",
				diag.Related{Pos: first.pos, Message: "the first one"})
			continue
		}
		v.entries[name] = below
	}
	for _, m := range merged {
		t.merge(v, m)
	}
}

func (t *text) merge(v, m *value) {
	for _, below := range m.list {
		t.merge(v, below)
	}
	for key, below := range m.entries {
		if _, own := v.entries[key]; !own {
			v.entries[key] = below
		}
	}
}

// key is the key of a map as JSON has it.
func (t *text) key(n *kyaml.Node) (string, bool) {
	for n.Kind == kyaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != kyaml.ScalarNode {
		t.syntax++
		t.report(t.at(n), "a key that is no string", "Use a plain word as the key.")
		return "", false
	}
	switch scalar := t.scalar(n).(type) {
	case string:
		return scalar, true
	case int64:
		return print(scalar), true
	default:
		t.report(t.at(n), fmt.Sprintf("the key %s is read as %s", n.Value, print(scalar)), fmt.Sprintf("Quote it: %q.", n.Value))
		return n.Value, true
	}
}

// special may be something else than a string without quotes.
var special = regexp.MustCompile(`^([0-9+.~-][0-9A-Za-z+._:~-]{0,60}|[A-Za-z]{1,5})$`)

// scalar is what a scalar means to those who read manifests: kubectl and the
// API server read YAML 1.1, where no is false and 012 is ten.
func (t *text) scalar(n *kyaml.Node) any {
	plain := n.Style&(kyaml.DoubleQuotedStyle|kyaml.SingleQuotedStyle|kyaml.LiteralStyle|kyaml.FoldedStyle) == 0
	word := n.Value
	switch {
	case n.Style&kyaml.TaggedStyle != 0 && n.Tag != kyaml.NodeTagString:
		word = n.Tag + " " + strconv.Quote(n.Value)
	case !plain || n.Style&kyaml.TaggedStyle != 0:
		return n.Value
	case word == "":
		return nil
	case !special.MatchString(word):
		return word
	}
	if v, ok := t.words[word]; ok {
		return v
	}
	v, err := read11(word)
	if err != nil {
		t.report(t.at(n), fmt.Sprintf("%s has no value: %s", n.Value, strings.TrimPrefix(err.Error(), "yaml: ")), "Write it as a string, in quotes, or as a number.")
	}
	t.words[word] = v
	return v
}

// read11 reads one scalar by YAML 1.1.
func read11(word string) (any, error) {
	text, err := yaml.YAMLToJSON([]byte("[" + word + "]"))
	if err != nil {
		return nil, err
	}
	var list []any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(text, &list); err != nil || len(list) != 1 {
		return nil, fmt.Errorf("it is no scalar")
	}
	switch list[0].(type) {
	case map[string]any, []any:
		return nil, fmt.Errorf("it is no scalar")
	}
	return list[0], nil
}

// print is a scalar as JSON has it, for people.
func print(scalar any) string {
	if scalar == nil {
		return "null"
	}
	return fmt.Sprint(scalar)
}

// unmarshal reads a JSON object, whole numbers as int64.
func unmarshal(text []byte) map[string]any {
	var tree map[string]any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(text, &tree); err != nil {
		panic(fmt.Sprintf("plain: %v", err)) // it was just marshalled
	}
	return tree
}
