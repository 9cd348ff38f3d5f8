package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// What a load costs is counted in seconds of processor time: unlike a rate it does not
// depend on what else the machine does.

// ticks are how often a second the kernel counts processor time, for whoever reads /proc.
const ticks = 100

// processStat is what /proc tells of a process.
type processStat struct {
	parent      int
	cpu, reaped float64 // seconds: its own; of its children that have ended
}

func statOf(pid int) (processStat, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return processStat{}, err
	}
	_, rest, _ := strings.Cut(string(text), ") ") // after the name, which may have blanks
	fields := strings.Fields(rest)
	if len(fields) < 15 {
		return processStat{}, fmt.Errorf("/proc/%d/stat: %q", pid, text)
	}
	numbers := make([]float64, 15)
	for i := range numbers[1:] {
		if numbers[i+1], err = strconv.ParseFloat(fields[i+1], 64); err != nil {
			return processStat{}, fmt.Errorf("/proc/%d/stat: %w", pid, err)
		}
	}
	return processStat{
		parent: int(numbers[1]),
		cpu:    (numbers[11] + numbers[12]) / ticks,
		reaped: (numbers[13] + numbers[14]) / ticks,
	}, nil
}

// cpuOf counts the processor time of a process.
func cpuOf(pid int) meter {
	return func(tb testing.TB) float64 {
		tb.Helper()
		stat, err := statOf(pid)
		if err != nil {
			tb.Fatal(err)
		}
		return stat.cpu
	}
}

// cpuOfPostgres counts that of all processes of the server of a database, those that have
// ended too.
func cpuOfPostgres(tb testing.TB, database string) meter {
	tb.Helper()
	var data string
	queryRow(tb, database, "SHOW data_directory", &data)
	pidFile, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		tb.Fatal(err)
	}
	first, _, _ := strings.Cut(string(pidFile), "\n")
	server, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil {
		tb.Fatal(err)
	}
	return func(tb testing.TB) float64 {
		tb.Helper()
		all, _ := filepath.Glob("/proc/[0-9]*") // the pattern is a good one
		main, err := statOf(server)
		if err != nil {
			tb.Fatal(err)
		}
		sum := main.cpu + main.reaped
		for _, dir := range all {
			pid, err := strconv.Atoi(filepath.Base(dir))
			if err != nil {
				tb.Fatal(err)
			}
			if stat, err := statOf(pid); err == nil && stat.parent == server { // others end all the time
				sum += stat.cpu
			}
		}
		return sum
	}
}
