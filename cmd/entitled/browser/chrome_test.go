//go:build !nodev

package browser

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// How long one step in the browser may take, and a test's whole journey.
const (
	stepPatience    = 90 * time.Second
	journeyPatience = 5 * time.Minute
)

// looking is how often a page is looked at for what is waited for. (chromedp would look each
// 5 ms, which keeps Chromium busier than the page does.)
const looking = 30 * time.Millisecond

// sharedChromium is one headless Chromium for all tests, which ends with them: the context
// that tabs are opened from.
func sharedChromium(t *testing.T) context.Context {
	t.Helper()
	ctx, err := startChromium()
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}

var startChromium = sync.OnceValues(func() (context.Context, error) {
	file := ""
	// The first is all that is needed here, and takes half the processor time.
	for _, name := range []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			file = found
			break
		}
	}
	if file == "" {
		return nil, errors.New("no chromium-headless-shell, chromium, chromium-browser or google-chrome in PATH: apt-get install chromium-headless-shell (Debian) or chromium-browser (Ubuntu)")
	}
	// The profile is chromedp's own temporary directory. It removes it after the
	// last of Chromium's processes is gone; t.TempDir would race with them.
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(file),
		chromedp.NoSandbox, // its sandbox refuses root, whom containers run as
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
	)
	allocator, release := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	endChromium = func() error {
		defer release()
		defer cancel()
		ending, stop := context.WithTimeout(ctx, stepPatience)
		defer stop()
		if err := chromedp.Cancel(ending); err != nil {
			return fmt.Errorf("close Chromium: %w", err)
		}
		return nil
	}
	started := make(chan error, 1)
	go func() { started <- chromedp.Do(ctx) }()
	select {
	case err := <-started:
		if err != nil {
			return nil, fmt.Errorf("start %s: %w", file, err)
		}
	case <-time.After(stepPatience):
		return nil, fmt.Errorf("%s has not started in %s", file, stepPatience)
	}
	return ctx, nil
})

// tab is one tab of a browser. Whatever Chromium complains about in it fails the
// test: exceptions, console errors, failed requests, violations of the content
// security policy.
type tab struct {
	t          *testing.T
	ctx        context.Context
	site       *site
	complaints *complaints
}

// complaints collects what a test's tabs complain about.
type complaints struct {
	mu       sync.Mutex
	troubles []string
	awaited  []string
}

// hear is called by chromedp for every event of a tab.
func (c *complaints) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		c.note("exception: " + (&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error())
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			words := []string{"console." + e.Type.String() + ":"}
			for _, a := range e.Args {
				words = append(words, string(a.Value), a.Description)
			}
			c.note(strings.Join(words, " "))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			c.note(fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *audits.EventIssueAdded:
		if d := e.Issue.Details; d != nil && d.ContentSecurityPolicyIssueDetails != nil {
			violation := d.ContentSecurityPolicyIssueDetails
			c.note(fmt.Sprintf("content security policy: %s violates %s", violation.BlockedURL, violation.ViolatedDirective))
		}
	}
}

func (c *complaints) note(trouble string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.troubles = append(c.troubles, trouble)
}

// expect names a part of the one complaint that belongs to the test.
func (c *complaints) expect(part string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.awaited = append(c.awaited, part)
}

// check fails the test for each complaint that was not expected.
func (c *complaints) check(t *testing.T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, trouble := range c.troubles {
		expected := false
		for _, part := range c.awaited {
			expected = expected || strings.Contains(trouble, part)
		}
		if !expected {
			t.Errorf("Chromium complains: %s", trouble)
		}
	}
}

// newUser opens a tab in a browser context of its own: cookies of nobody, and so a
// user of its own.
func (s *site) newUser(t *testing.T) *tab {
	t.Helper()
	journey, end := context.WithTimeout(s.chromium, journeyPatience)
	t.Cleanup(end)
	c := &complaints{}
	b := s.open(t, journey, c, chromedp.WithNewBrowserContext())
	t.Cleanup(func() { c.check(t) })
	return b
}

// another opens a second tab of the same user.
func (b *tab) another() *tab {
	b.t.Helper()
	return b.site.open(b.t, b.ctx, b.complaints)
}

func (s *site) open(t *testing.T, parent context.Context, c *complaints, options ...chromedp.ContextOption) *tab {
	t.Helper()
	ctx, end := chromedp.NewContext(parent, append(options, chromedp.WithListener(c.hear))...)
	t.Cleanup(end)
	// The tab lives as long as the context of its first run: no step's.
	if _, err := chromedp.Call(ctx, audits.Enable, cdp.Empty{}); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	return &tab{t, ctx, s, c}
}

// do runs steps, within a step's patience.
func (b *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, end := context.WithTimeout(b.ctx, stepPatience)
	defer end()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.fatal(what, err)
	}
}

// fatal ends the test and says what the page looked like.
func (b *tab) fatal(what string, err error) {
	b.t.Helper()
	ctx, end := context.WithTimeout(b.ctx, 5*time.Second)
	defer end()
	page, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
	b.t.Fatalf("%s: %v\nthe page is %s\nthe program says:\n%s", what, err, page, b.site.Log)
}

func (b *tab) visit(path string) {
	b.t.Helper()
	address := path
	if strings.HasPrefix(path, "/") {
		address = b.site.url + path
	}
	b.do("visit "+path, chromedp.Navigate(address))
}

// click waits until there is something to click that is enabled and at rest, and clicks again
// where the page has moved under the pointer meanwhile, as it may while answers come.
// (chromedp's own Click hits whatever is there by then.)
func (b *tab) click(selector string) {
	b.t.Helper()
	ctx, end := context.WithTimeout(b.ctx, stepPatience)
	defer end()
	aim, missed := fmt.Sprintf(aimAt, selector), ""
	for {
		// Between two pages there is nothing to ask.
		if at, err := chromedp.Run(ctx, chromedp.Evaluate[[]float64](aim)); err == nil && len(at) == 2 {
			if err := chromedp.Do(ctx, chromedp.MouseClickXY(at[0], at[1])); err != nil {
				b.fatal("click "+selector, err)
			}
			missed, err = chromedp.Run(ctx, chromedp.Evaluate[string](`window.aimed?.missed ?? ""`))
			if err != nil || missed == "" { // or the page has gone where the click led
				return
			}
		}
		select {
		case <-ctx.Done():
			b.fatal("click "+selector+" "+missed, errNotSo)
		case <-time.After(looking):
		}
	}
}

// aimAt tells where the middle of an element is, once it is enabled, where it was when asked
// before, and not covered. A click that then hits something else has no effect on the page.
const aimAt = `((selector) => {
	const element = document.querySelector(selector);
	if (!element || element.matches(":disabled")) return [];
	element.scrollIntoView({block: "center", behavior: "instant"});
	const {left, top, width, height} = element.getBoundingClientRect();
	const at = [left + width / 2, top + height / 2];
	const is = (hit) => element.contains(hit) || hit.closest("label")?.control === element;
	const before = window.aimed;
	before?.release?.();
	const aimed = window.aimed = {element, at};
	const covers = document.elementFromPoint(...at);
	if (width === 0 || before?.element !== element || before.at.join() !== at.join() || !covers || !is(covers)) return [];
	const guard = (event) => {
		if (!is(event.target)) {
			event.preventDefault();
			event.stopImmediatePropagation();
			aimed.missed = "missed it and hit " + event.target.outerHTML.slice(0, 100);
		}
	};
	const kinds = ["pointerdown", "mousedown", "pointerup", "mouseup", "click"];
	kinds.forEach((kind) => window.addEventListener(kind, guard, {capture: true}));
	aimed.release = () => kinds.forEach((kind) => window.removeEventListener(kind, guard, {capture: true}));
	window.addEventListener("mouseup", () => setTimeout(aimed.release), {once: true, capture: true});
	return at;
})(%q)`

// manage opens Stripe's portal from the account page.
func (b *tab) manage() {
	b.t.Helper()
	b.visit("/me")
	b.click("#manage")
}

func (b *tab) see(selector string) {
	b.t.Helper()
	b.do("see "+selector, chromedp.WaitVisible(chromedp.CSS(selector), chromedp.RetryInterval(looking)))
}

// fill types over what a field holds.
func (b *tab) fill(selector, text string) {
	b.t.Helper()
	b.do("fill "+selector, chromedp.Clear(chromedp.CSS(selector)), chromedp.SendKeys(chromedp.CSS(selector), text))
}

func (b *tab) text(selector string) string {
	b.t.Helper()
	b.see(selector)
	return read[string](b, fmt.Sprintf("document.querySelector(%q).innerText", selector))
}

func (b *tab) address() string {
	b.t.Helper()
	return read[string](b, "location.href")
}

// read evaluates an expression, and awaits it if it is a promise.
func read[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, end := context.WithTimeout(b.ctx, stepPatience)
	defer end()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.fatal("read "+expression, err)
	}
	return v
}

var errNotSo = errors.New("it never was so")

// until waits until an expression holds, across navigations: while a page is left,
// there is none to ask.
func (b *tab) until(expression string) {
	b.t.Helper()
	ctx, end := context.WithTimeout(b.ctx, stepPatience)
	defer end()
	for {
		if holds, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression)); err == nil && holds {
			return
		}
		select {
		case <-ctx.Done():
			b.fatal("wait until "+expression, errNotSo)
		case <-time.After(looking):
		}
	}
}
