package main

import (
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/cache"
	"github.com/spf13/cobra"

	"github.com/statefulc/statefulc/pipeline"
)

// cacheVariable is the environment variable that says where the cache is.
const cacheVariable = "STATEFULC_CACHE"

// caching is whether results are remembered from run to run.
type caching struct{ off bool }

func (c *caching) addFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&c.off, "no-cache", false, "compile what did not change too, and remember nothing ("+cacheVariable+" names the cache's directory)")
}

// remember gives a run its cache. Without a place for it, as in a container
// without a home, every run compiles everything; one that was named has to be.
func (c *caching) remember(o *pipeline.Options) error {
	if c.off {
		return nil
	}
	dir := os.Getenv(cacheVariable)
	named := dir != ""
	if !named {
		home, err := os.UserCacheDir()
		if err != nil {
			return nil
		}
		dir = filepath.Join(home, "statefulc")
	}
	remembered, err := open(dir)
	if err != nil && named {
		return fmt.Errorf("%s: %w", cacheVariable, err)
	}
	if o.Version = identity(); o.Version != "" {
		o.Cache = remembered
	}
	return nil
}

// open also removes what nobody used for days, once a day. That it could not be
// removed is no reason to stop.
func open(dir string) (*cache.Cache, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	c, err := cache.Open(dir)
	if err != nil {
		return nil, err
	}
	_ = c.Trim()
	return c, nil
}

// identity tells binaries apart that may compile differently, by what the go
// command calls the build of this one. It is "" where it is no ELF file, and of
// no version that says what is in it.
func identity() string {
	if file, err := os.Executable(); err == nil {
		if id := buildID(file); id != "" {
			return id
		}
	}
	v := version()
	if v == "(devel)" || strings.HasSuffix(v, "+dirty") {
		return ""
	}
	return v
}

// buildID is the note that the linker leaves: hashes of all that went in and of
// what came out. It stays when symbols are stripped.
func buildID(file string) string {
	binary, err := elf.Open(file)
	if err != nil {
		return ""
	}
	defer binary.Close()
	note := binary.Section(".note.go.buildid")
	if note == nil {
		return ""
	}
	text, err := note.Data()
	if err != nil || len(text) < len(noteHead) {
		return ""
	}
	return string(text[len(noteHead):])
}

// noteHead is as long as the sizes, the type and the name of a note.
const noteHead = "size" + "size" + "type" + "Go\x00\x00"
