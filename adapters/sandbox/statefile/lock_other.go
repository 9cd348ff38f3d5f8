//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package statefile

import (
	"errors"
	"os"
)

func tryLock(*os.File) (bool, error) {
	return false, errors.New("files cannot be locked on this system, and two sandboxes must not share one: do without a state file")
}

func unlock(*os.File) error { return nil }
