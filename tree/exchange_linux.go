package tree

import (
	"errors"

	"golang.org/x/sys/unix"
)

// exchange lets two directories change places in one step. A file system that
// cannot says EINVAL (renameat2(2)), a kernel before 3.15 ENOSYS.
func exchange(a, b string) error {
	err := unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
	if errors.Is(err, unix.EINVAL) {
		return errors.ErrUnsupported
	}
	return err
}
