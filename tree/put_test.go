package tree

import (
	"os"
	"testing"
)

// What is written but cannot all be put in place leaves nothing behind.
func TestPutIsAllOrNothing(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/base", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Put(dir, map[string][]byte{"a/b/new.yaml": []byte("x"), "base/file.yaml": []byte("y")})
	if err == nil {
		t.Fatal("a file in the place of a directory was no error")
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != "base" {
		t.Errorf("left behind: %v", entries)
	}
}
