package main

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/entitled-dev/entitled/adapters/httpapi"
)

// ofListening says which setting to change where the service cannot listen.
func (c config) ofListening(err error) error {
	if !errors.Is(err, httpapi.ErrListen) {
		return err
	}
	_, unknown := errors.AsType[*net.DNSError](err)
	var mend string
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		mend = fmt.Sprintf("another program has port %s already: set PORT to another one, or end that program", c.Port)
	case errors.Is(err, syscall.EACCES):
		mend = fmt.Sprintf("this user may not have port %s: set PORT to 1024 or more", c.Port)
	case errors.Is(err, syscall.EADDRNOTAVAIL), unknown:
		mend = fmt.Sprintf("HOST is %q, which is no address of this machine: set HOST to one, or leave it empty for all", c.Host)
	default:
		mend = "set HOST and PORT to where this machine can be reached"
	}
	return fmt.Errorf("%s (%w)", mend, err)
}
