package main

import (
	"net"
	"os/exec"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/entitled-dev/entitled/adapters/bunstore/sqlitetest"
)

func TestListen_SaysWhichSettingToChange(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() }) // after those that run side by side
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	_, free, _ := net.SplitHostPort(programtest.FreeAddress(t))
	for name, c := range map[string]struct{ host, port, says string }{
		"a port that is taken":       {"127.0.0.1", port, "another program listens on 127.0.0.1:" + port + " already: set PORT to another port"},
		"an address of somebody":     {"192.0.2.1", free, "HOST is no address of this machine: set HOST"},
		"a name that nobody has":     {"nowhere.invalid", free, "HOST is no address of this machine: set HOST"},
		"a host that is not of HTTP": {"http://localhost", free, "set HOST"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := environment(t, map[string]string{"HOST": c.host, "PORT": c.port, "DATABASE_URL": sqlitetest.URL(t)})
			p := &program{&programtest.Program{Cmd: &exec.Cmd{Path: programtest.Build(t), Env: env}}}
			if _, complaint, ok := p.command(t, []string{"serve"}); ok || !strings.Contains(complaint, c.says) {
				t.Errorf("succeeded %t, want %q in %s", ok, c.says, complaint)
			}
		})
	}
}
