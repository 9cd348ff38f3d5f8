package main

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// listening says which setting to change where the service cannot listen on an address.
func (n names) listening(failed *net.OpError) error {
	_, unknown := errors.AsType[*net.DNSError](failed)
	var mend string
	switch {
	case errors.Is(failed, syscall.EADDRINUSE):
		mend = fmt.Sprintf("another program listens on %s already: set %s to another port, or end that program", failed.Addr, n.port)
	case errors.Is(failed, syscall.EACCES):
		mend = fmt.Sprintf("this user may not have %s: set %s to 1024 or more", failed.Addr, n.port)
	case n.host != "" && (unknown || errors.Is(failed, syscall.EADDRNOTAVAIL)):
		mend = fmt.Sprintf("%s is no address of this machine: set %s to one, or leave it empty for all", n.host, n.host)
	case n.host != "":
		mend = fmt.Sprintf("set %s and %s to where this machine can be reached", n.host, n.port)
	default:
		mend = fmt.Sprintf("set %s to a port that is free", n.port)
	}
	return misusedf("%s\n%w", mend, failed)
}
