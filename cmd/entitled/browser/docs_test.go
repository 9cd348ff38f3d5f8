//go:build !nodev

package browser

import (
	"testing"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"
)

// Whatever the content policy keeps from the page is a complaint, which fails the test.
func reference(t *testing.T, s *site) {
	doc, err := programtest.Document()
	if err != nil {
		t.Fatal(err)
	}
	b := s.newUser(t)
	b.visit("/docs")
	b.see(".opblock")
	shown := read[[]string](b, `[...document.querySelectorAll(".opblock")].map((o) => o.querySelector(".opblock-summary-method").innerText
		+ " " + o.querySelector(".opblock-summary-path").dataset.path)`)
	has := map[string]bool{}
	for _, operation := range shown {
		has[operation] = true
	}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			if !has[method+" "+path] {
				t.Errorf("%s %s is not among %q", method, path, shown)
			}
		}
	}

	// One is called from there, by whoever has a key.
	b.click(`.authorize`)
	b.fill(`#auth-bearer-value`, devAPIKey)
	b.click(`.modal-ux button[type="submit"]`)
	b.click(`.modal-ux .btn-done`)
	b.click(`#operations-plans-listPlans .opblock-summary-control`)
	b.click(`#operations-plans-listPlans .try-out__btn`)
	b.click(`#operations-plans-listPlans .execute`)
	b.until(`document.querySelector("#operations-plans-listPlans .live-responses-table tbody .response-col_status")?.innerText.startsWith("200")`)
}
