// Package ports holds the interfaces that the use cases need of the world, the
// errors they may return, and nothing else. A port is an interface that we own;
// an adapter is the technology behind it.
//
// Invariant: ports mention no technology. They import the standard library and
// the domain. What each method promises is written here and checked, for every
// adapter alike, by the contract suites in package portstest.
package ports
