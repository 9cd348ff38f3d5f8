//go:build race

package portstest

const raced = true
