// Package webhooks sends events to the account's endpoints: each signed, in the endpoint's
// version, again until it is accepted or given up, and in no promised order. What an event
// says, and when there is one, is decided above.
package webhooks
