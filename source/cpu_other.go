//go:build !unix

package source

import "time"

// cpuTime is not known here.
func cpuTime() time.Duration { return 0 }

// spent is the time that was waited for: the process is taken to have had all
// of a core.
func spent(_, waited time.Duration) time.Duration { return waited }
