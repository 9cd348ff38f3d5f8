package main

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"
)

func TestLog_LinesAreWrittenTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var written programtest.LogBuffer
		logger := newLogger(&lineBuffer{to: &written}, "text", slog.LevelInfo)
		wrote := func(want string) {
			t.Helper()
			synctest.Wait()
			var got []string
			for line := range strings.Lines(written.String()) {
				_, message, _ := strings.Cut(strings.TrimSpace(line), "msg=")
				got = append(got, message)
			}
			if strings.Join(got, " ") != want {
				t.Errorf("written: %q, want %s", got, want)
			}
		}
		logger.Info("a")
		time.Sleep(holdTime / 2)
		logger.With("x", 1).Info("b")
		wrote("")
		time.Sleep(holdTime / 2)
		wrote("a b x=1")
		time.Sleep(holdTime)
		logger.Info("c")
		wrote("a b x=1")
		logger.WithGroup("g").Warn("d")
		wrote("a b x=1 c d")
		logger.Info("e")
		logger.With("y", 2).Error("f")
		wrote("a b x=1 c d e f y=2")
		logger.Info("g")
		time.Sleep(holdTime)
		wrote("a b x=1 c d e f y=2 g")
	})
}

// failing is a log on a disk that is full for a while.
type failing struct {
	io.Writer
	full bool
}

func (f *failing) Write(b []byte) (int, error) {
	if f.full {
		return 0, errors.New("no space left on device")
	}
	return f.Writer.Write(b)
}

func TestLog_HoldsLittleAndGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	var written programtest.LogBuffer
	disk := &failing{&written, true}
	buffer := &lineBuffer{to: disk}
	defer buffer.flush()
	line := []byte(strings.Repeat("x", 999) + "\n")
	for range 3 * maxHeld / len(line) {
		if buffer.Write(line); len(buffer.held) > maxHeld {
			t.Fatalf("holds %d bytes", len(buffer.held))
		}
	}
	buffer.Write([]byte(strings.Repeat("y", 10*maxHeld) + "\n"))
	if cap(buffer.held) > 2*maxHeld {
		t.Errorf("keeps room for %d bytes", cap(buffer.held))
	}
	disk.full = false
	buffer.Write([]byte("z\n"))
	if err := buffer.flush(); err != nil || written.String() != "z\n" {
		t.Errorf("after the failure: wrote %.20q, %v", written.String(), err)
	}
}

func TestLog_HasEveryRequestWhenTheProgramEnds(t *testing.T) {
	t.Parallel()
	p := startProgram(t, programtest.Build(t), programtest.Databases["SQLite"](t))
	const requests = 50
	for range requests {
		response, err := http.Get("http://" + p.Address + "/api/plans")
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
	}
	p.Stop(t)
	if got := strings.Count(p.Log.String(), `"route":"/api/plans"`); got != requests {
		t.Errorf("the log has %d requests of %d:\n%s", got, requests, p.Log)
	}
}
