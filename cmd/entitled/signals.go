package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// untilSignaled ends with the first signal to end. The second one ends the program at
// once: whoever sends it does not want to wait for what is under way.
func untilSignaled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		again := <-signals
		fmt.Fprintf(os.Stderr, "entitled: %s for the second time: ended at once\n", again)
		os.Exit(1)
	}()
	return ctx
}
