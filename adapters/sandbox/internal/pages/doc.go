// Package pages has the pages that Stripe hosts: Checkout, the billing portal, invoices with
// their PDFs, receipts. They are plain HTML without scripts, in html/.
package pages
