package source

import (
	"fmt"
	"strings"
	"testing"
)

// CUE takes a field that is not known where a let clause brings it.
func TestFieldThatCUETakes(t *testing.T) {
	dir := t.TempDir()
	text := fmt.Sprintf(strings.Replace(others, "overlays: [_]: base\n", "", 1), "_more: {replica: 5}\n#D: {...}\nlet L = _more\noverlays: prod: base\noverlays: dev: {}\noverlays: dev: L")
	write(t, dir, map[string]string{"a.cue": text})
	_, found, err := Load(dir)
	if err != nil || len(found) != 1 || found[0].Message != `unknown field "replica"` || found[0].Pos.Line != 6 {
		t.Errorf("%v, %v", found, err)
	}
}
