package tree

import (
	"fmt"
	"testing"
)

// Trees as they are to be, and trees of which one file differs: a base and
// three overlays, 24 files.
func BenchmarkBuild(b *testing.B) {
	for _, c := range []struct {
		name    string
		changes bool
	}{{"unchanged", false}, {"changed", true}} {
		b.Run(c.name, func(b *testing.B) {
			tree := &Tree{Dir: b.TempDir() + "/deploy", Of: "..", Header: header, Files: map[string][]byte{}}
			for i := range 12 {
				tree.Files[fmt.Sprintf("base/%d.yaml", i)] = make([]byte, 1500)
				tree.Files[fmt.Sprintf("overlays/env%d/%d.yaml", i%3, i)] = make([]byte, 300)
			}
			for i := 0; b.Loop(); i++ {
				if c.changes {
					tree.Files["base/0.yaml"] = fmt.Appendf(nil, "%d", i)
				}
				if _, bad, err := tree.Build(false); err != nil || len(bad) > 0 {
					b.Fatal(bad, err)
				}
			}
		})
	}
}
