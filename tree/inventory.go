package tree

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Inventory is the file that lists what is ours in a tree. Argo CD reads
// *.yaml, *.yml and *.json of a directory, Flux and kustomize YAML: none of
// them reads this. `sha256sum --check` does.
const Inventory = "statefulc.sum"

// ofLine begins the line that names the application.
const ofLine = "# The application is in "

// inventory is what is in the file: hashes by path. A path has several where a
// merge of two branches left both; a hash is "" where nobody knows it.
type inventory map[string][]string

// Inventory is the text of the file; nil if there are no files.
func (t *Tree) Inventory() []byte {
	if len(t.Files) == 0 {
		return nil
	}
	var b bytes.Buffer
	b.WriteString(t.Header)
	if t.Of != "" {
		b.WriteString(ofLine + t.Of + "\n")
	}
	for _, path := range slices.Sorted(maps.Keys(t.Files)) {
		fmt.Fprintf(&b, "%s  %s\n", hash(t.Files[path]), path)
	}
	return b.Bytes()
}

func hash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

var (
	listed   = regexp.MustCompile(`^([0-9a-f]{64})  (.+)$`)
	conflict = regexp.MustCompile(`^(<<<<<<<|\|\|\|\|\|\|\||=======|>>>>>>>)`)
)

// parse reads an inventory. A merge may have left the lines of both sides, and
// its marks: either hash is ours, and the next build writes it anew. A path
// that leads out of the tree is refused: it would be pruned there.
func parse(text []byte) (inventory, error) {
	out := inventory{}
	for i, line := range strings.Split(string(lf(text)), "\n") {
		if line == "" || line[0] == '#' || conflict.MatchString(line) {
			continue
		}
		m := listed.FindStringSubmatch(line)
		if m == nil {
			return out, fmt.Errorf("line %d is no hash and path: %q", i+1, line)
		}
		if !filepath.IsLocal(filepath.FromSlash(m[2])) || m[2] == Inventory {
			return out, fmt.Errorf("line %d leads out of the tree: %q", i+1, m[2])
		}
		out[m[2]] = append(out[m[2]], m[1])
	}
	return out, nil
}

// lf is a text as it was before git on Windows checked it out. What we write
// has no carriage returns.
func lf(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }

// Of is the directory of the application whose tree is in dir, from there; ""
// if there is no tree, or one that stands apart.
func Of(dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, Inventory))
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(lf(text))) {
		if of, ok := strings.CutPrefix(line, ofLine); ok {
			return strings.TrimSuffix(of, "\n")
		}
	}
	return ""
}
