package sandbox

// TB is what NewTest needs of a testing.TB; the interface keeps the testing
// package out of programs that import the sandbox.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// NewTest returns a sandbox that listens on a free loopback port and is closed
// at the end of the test, as with httptest.NewServer.
func NewTest(t TB, opts ...Option) *Sandbox {
	t.Helper()
	s := New(opts...)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the sandbox: %v", err)
		}
	})
	if _, err := s.Listen("127.0.0.1:0"); err != nil {
		t.Fatalf("%v", err)
	}
	return s
}
