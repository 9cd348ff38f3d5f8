// Package webhooks posts messages to the endpoints of a product, signed as the Standard
// Webhooks specification has it, and to public addresses only unless others are allowed.
package webhooks
