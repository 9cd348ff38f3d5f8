package pages

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
)

func (s *Site) showInvoicePDF(w http.ResponseWriter, r *http.Request) {
	in := s.lockInvoice(w, r)
	if in == nil {
		return
	}
	name, file := in.Number, pdf(invoiceText(s.invoicePage(in, cardFields{})))
	s.Mu.Unlock()
	h := w.Header()
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", `attachment; filename="Invoice-`+name+`.pdf"`)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if _, err := w.Write(file); err != nil {
		s.Log.Debug("client left before its invoice", "error", err)
	}
}

// invoiceText is the invoice line by line, amounts at the end.
func invoiceText(in hostedInvoice) []string {
	row := func(text, amount string) string {
		const width = 84
		// A long text keeps its amount, on a line of its own if need be.
		gap := max(1, width-len([]rune(text))-len([]rune(amount)))
		return text + strings.Repeat(" ", gap) + amount
	}
	out := []string{"Sandbox - no real money", "", in.Heading, "Date: " + in.Date, "Status: " + in.Status}
	if in.Due != "" {
		out = append(out, "Due: "+in.Due)
	}
	if in.Customer != "" {
		out = append(out, "Bill to: "+in.Customer)
	}
	out = append(out, "")
	for _, l := range in.Lines {
		out = append(out, row(l.Text, l.Amount))
		if l.Period != "" {
			out = append(out, "  "+l.Period)
		}
	}
	out = append(out, "", row("Total", in.Total))
	if in.Balance != "" {
		out = append(out, row("Balance and credits", in.Balance))
	}
	return append(out, row("To be paid", in.Remaining))
}

const (
	pdfLines  = 60 // of a page
	pdfColumn = 90 // characters of a line
)

// pdf writes lines of text as a document of A4 pages.
func pdf(lines []string) []byte {
	var pages [][]string
	for _, l := range lines {
		for r := []rune(l); ; r = r[pdfColumn:] {
			if n := len(pages); n == 0 || len(pages[n-1]) == pdfLines {
				pages = append(pages, nil)
			}
			last := &pages[len(pages)-1]
			if len(r) <= pdfColumn {
				*last = append(*last, string(r))
				break
			}
			*last = append(*last, string(r[:pdfColumn]))
		}
	}
	var b bytes.Buffer
	var offsets []int
	add := func(format string, args ...any) {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", len(offsets), fmt.Sprintf(format, args...))
	}
	b.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	// Objects 1 to 3 are the catalog, the pages and the font; then a page and its text each.
	var kids []string
	for i := range pages {
		kids = append(kids, fmt.Sprintf("%d 0 R", 4+2*i))
	}
	add("<< /Type /Catalog /Pages 2 0 R >>")
	add("<< /Type /Pages /Kids [%s] /Count %d >>", strings.Join(kids, " "), len(kids))
	add("<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>")
	for i, page := range pages {
		text := pdfText(page)
		add("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents %d 0 R >>", 5+2*i)
		add("<< /Length %d >>\nstream\n%s\nendstream", len(text), text)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, at := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, start)
	return b.Bytes()
}

// pdfText is the content of a page.
func pdfText(lines []string) string {
	var b strings.Builder
	b.WriteString("BT /F1 9 Tf 48 790 Td 12 TL")
	for _, l := range lines {
		b.WriteString("\n(" + winAnsi(l) + ") Tj T*")
	}
	return b.String() + "\nET"
}

// winAnsi writes text in the encoding of the document, of which the signs of currencies
// matter; what it has no character for becomes a question mark.
func winAnsi(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '(' || r == ')' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '€':
			b.WriteByte(0x80)
		case r >= ' ' && r < 0x7f || r >= 0xa0 && r <= 0xff:
			b.WriteByte(byte(r))
		default:
			b.WriteByte('?')
		}
	}
	return b.String()
}
