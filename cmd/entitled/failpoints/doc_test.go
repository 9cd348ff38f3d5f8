// Package failpoints lets each call of the service fail, and its process die, wherever it can,
// and looks at what is left: the service without HTTP, in the process of the test.
package failpoints
