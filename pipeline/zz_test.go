package pipeline_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/pipeline"
	"slices"
)

func TestZZ(t *testing.T) {
	p := &pipeline.Pipeline{Options: options}
	singles := apart(t, p)
	for _, with := range []string{"annotation_number", "memory_gb", "typo_size", "quorum_even"} {
		i := slices.IndexFunc(singles, func(s single) bool { return s.name == with })
		for _, m := range singles {
			if m.name == with || slices.ContainsFunc(m.found, isUnread) {
				continue
			}
			dir := t.TempDir()
			drawn := []single{singles[i], m}
			var want diag.List
			for i, m := range drawn {
				os.WriteFile(filepath.Join(dir, fmt.Sprintf("f%d.cue", i)), []byte(renamed(m.text, i)), 0o644)
				for _, d := range m.found {
					d.Pos.File, d.Message = fmt.Sprintf("f%d.cue", i), renamed(d.Message, i)
					want = append(want, d)
				}
			}
			result, err := p.Vet(dir)
			if err != nil {
				fmt.Println(with, m.name, err)
				continue
			}
			got := addressed(inQuestionOf(drawn, result.Found))
			told := addressed(inQuestionOf(drawn, slices.DeleteFunc(slices.Clone(want), func(d diag.Diagnostic) bool { return untold(d, want) })))
			all := addressed(inQuestionOf(drawn, want))
			if missed := without(told, got); len(missed) > 0 {
				fmt.Println(with, m.name, "MISSED", missed)
			}
			if invented := without(got, all); len(invented) > 0 {
				fmt.Println(with, m.name, "INVENTED", invented)
			}
		}
	}
}
