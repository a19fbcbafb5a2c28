package overlay

// The tests run as the command does: with a garbage collector that is not half
// of the time.
import _ "github.com/statefulc/statefulc/internal/collector"
