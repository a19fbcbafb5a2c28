// Package collector sets the garbage collector before other packages begin.
//
// A variable and not a call in main: what Kubernetes and CUE lay out as the
// program starts is 7 MB that stay, and looking through them twice takes a
// quarter of the time of a run in which nothing changed. Packages begin in the
// order of their import paths, so this one comes before k8s.io (the Go
// specification, "Package initialization").
package collector

import (
	"runtime"
	"runtime/debug"
)

var (
	// CUE makes garbage faster than it keeps data: half the time is the
	// collector's at the default of 100.
	_ = debug.SetGCPercent(1000)

	// Then there is more garbage than data, and package source would take it for
	// data when it looks whether CUE has to be given up, at 448 MiB and more with
	// more cores. Each worker keeps 30 to 60 MiB.
	_ = debug.SetMemoryLimit(400<<20 + 64<<20*int64(max(0, runtime.GOMAXPROCS(0)-2)))
)
