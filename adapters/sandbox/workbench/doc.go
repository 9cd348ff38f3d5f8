// Package workbench is a page to drive a sandbox by hand: move its clock, let cards fail,
// give money back, dispute, see which events were sent and how they were answered, send
// them again, and have things go wrong. Beside it, it shows what the service under
// development holds for a user, which follows by itself.
//
// It works without JavaScript: each button is a form, and its answer leads back to the
// page. A script keeps the page fresh. The page is for the machine it runs on alone:
// it knows no users, answers to loopback's names only, and takes no forms of other sites.
package workbench
