//go:build !nodev

package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/adapters/sandbox/statefile"
)

// keptState is where a command keeps its sandbox; nowhere, if no file was named.
type keptState struct {
	file     *statefile.File
	snapshot []byte // of the last start; nil for none
}

func openState(path string) (keptState, error) {
	if path == "" {
		return keptState{}, nil
	}
	file, err := statefile.Open(path)
	if errors.Is(err, statefile.ErrInUse) {
		return keptState{}, misusedf("%w\nend that one, or give another file with --state", err)
	}
	if err != nil {
		return keptState{}, misusedf("%w\ngive a file in a directory that can be written, with --state", err)
	}
	snapshot, err := file.Snapshot()
	if err != nil {
		return keptState{}, errors.Join(misused(err), file.Close())
	}
	return keptState{file, snapshot}, nil
}

// keep saves what box returns now and then, until ctx ends.
func (k keptState) keep(ctx context.Context, box func() *sandbox.Sandbox, logger *slog.Logger) {
	if k.file == nil {
		<-ctx.Done()
		return
	}
	k.file.Keep(ctx, box, func(err error) { logger.Error("the sandbox is not kept", "error", err) })
}

// save is for the end, when nothing happens any more.
func (k keptState) save(box *sandbox.Sandbox) error {
	if k.file == nil {
		return nil
	}
	return k.file.Save(box)
}

func (k keptState) close() {
	if k.file != nil {
		_ = k.file.Close() // it is only a lock
	}
}
