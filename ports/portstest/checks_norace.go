//go:build !race

package portstest

const raced = false
