//go:build unix

package source

import (
	"syscall"
	"time"
)

// cpuTime is what the process has had of the machine so far.
func cpuTime() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0 // the longer limit is there still
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// spent is the time that was waited for, or what the process has had since, if
// that is less.
func spent(before, waited time.Duration) time.Duration { return min(waited, cpuTime()-before) }
