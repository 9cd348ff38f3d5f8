package control

import (
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// What goes wrong on purpose: planned for the next requests, or by itself as a seed has it.

// longestPause is the most that a fault holds something up: longer than any client waits.
const longestPause = 24 * time.Hour

type rates struct {
	Seed        uint64  `json:"seed"`
	Duplicates  float64 `json:"duplicates"`
	Twins       float64 `json:"twins"`
	Delays      float64 `json:"delays"`
	DelayUpToMS int64   `json:"delay_up_to_ms"`
	Losses      float64 `json:"losses"`
	Failures    float64 `json:"failures"`
	LostAnswers float64 `json:"lost_answers"`
	Hangs       float64 `json:"hangs"`
	HangForMS   int64   `json:"hang_for_ms"`
	PageLimit   int     `json:"page_limit"`
}

func showChaos(c sandbox.Chaos) rates {
	return rates{
		c.Seed, c.Duplicates, c.Twins, c.Delays, c.DelayUpTo.Milliseconds(), c.Losses,
		c.Failures, c.LostAnswers, c.Hangs, c.HangFor.Milliseconds(), c.PageLimit,
	}
}

func readChaos(c *call) (any, error) { return showChaos(c.box.Chaos()), nil }

func setChaos(c *call) (any, error) {
	in, err := body[rates](c)
	if err != nil {
		return nil, err
	}
	upTo, upToOK := milliseconds(in.DelayUpToMS)
	hang, hangOK := milliseconds(in.HangForMS)
	if !upToOK || !hangOK {
		return nil, fmt.Errorf("delay_up_to_ms and hang_for_ms are from 0 to %d", longestPause.Milliseconds())
	}
	wanted := sandbox.Chaos{
		Seed: in.Seed, Duplicates: in.Duplicates, Twins: in.Twins, Delays: in.Delays, DelayUpTo: upTo, Losses: in.Losses,
		Failures: in.Failures, LostAnswers: in.LostAnswers, Hangs: in.Hangs, HangFor: hang, PageLimit: in.PageLimit,
	}
	if err := wanted.Check(); err != nil {
		return nil, err
	}
	c.box.SetChaos(wanted)
	return readChaos(c)
}

func milliseconds(n int64) (d time.Duration, ok bool) {
	return time.Duration(n) * time.Millisecond, n >= 0 && n <= longestPause.Milliseconds()
}

func planFaults(c *call) (any, error) {
	in, err := body[struct {
		Request string `json:"request"`
		Faults  []struct {
			Status         int    `json:"status"`
			Body           string `json:"body"`
			Remember       bool   `json:"remember"`
			DelayMS        int64  `json:"delay_ms"`
			DropAfterApply bool   `json:"drop_after_apply"`
		} `json:"faults"`
	}](c)
	if err != nil {
		return nil, err
	}
	method, at, two := strings.Cut(in.Request, " ")
	_, bad := path.Match(at, "")
	if !two || bad != nil || !slices.Contains([]string{"*", "GET", "POST", "DELETE"}, method) || !strings.HasPrefix(at, "/v1/") {
		return nil, fmt.Errorf("request is %q: a method, GET, POST, DELETE or *, and a path, such as POST /v1/checkout/sessions", in.Request)
	}
	if len(in.Faults) == 0 {
		return nil, fmt.Errorf("faults is empty: give one for each request that is to meet one")
	}
	var faults []sandbox.Fault
	for _, f := range in.Faults {
		delay, ok := milliseconds(f.DelayMS)
		if f.Status != 0 && (f.Status < 200 || http.StatusText(f.Status) == "") || !ok {
			return nil, fmt.Errorf("a fault has a status of HTTP from 200 on, or 0, and a delay of 0 to %d ms", longestPause.Milliseconds())
		}
		faults = append(faults, sandbox.Fault{
			Status: f.Status, Body: f.Body, Remember: f.Remember, Delay: delay, DropAfterApply: f.DropAfterApply,
		})
	}
	c.box.FailNext(in.Request, faults...)
	return done{}, nil
}
