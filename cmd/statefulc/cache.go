package main

import (
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
	dir, named := os.LookupEnv(cacheVariable)
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

// identity tells binaries apart that may compile differently: by the version,
// or if that does not say what is in it, by the file. It is "" if neither does.
func identity() string {
	v := version()
	if v != "" && v != "(devel)" && !strings.HasSuffix(v, "+dirty") {
		return v
	}
	file, err := os.Executable()
	if err != nil {
		return ""
	}
	info, err := os.Stat(file)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%s %d %d", v, info.Size(), info.ModTime().UnixNano())
}
