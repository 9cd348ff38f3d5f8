package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// oneSignal is for how long a signal counts as the one before: some tools send one to a
// program and one to its group, and mean the same.
const oneSignal = 200 * time.Millisecond

// untilSignaled ends with the first signal to end. The second one ends the program at
// once: whoever sends it does not want to wait for what is under way.
func untilSignaled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		first := time.Now()
		again := <-signals
		for time.Since(first) < oneSignal {
			again = <-signals
		}
		fmt.Fprintf(os.Stderr, "entitled: %s for the second time: ended at once\n", again)
		os.Exit(1)
	}()
	return ctx
}
