// Package entitled asks an entitled service what a user may do, and has users buy, change and
// end what they pay for. It needs nothing but the standard library.
//
//	c, err := entitled.New("http://entitled:8080", os.Getenv("ENTITLED_KEY"))
//	if c.Allows(ctx, "user_42", "sso") { ... }
//
// The key is a service key of role app. It acts for every user, so it stays in the back end.
//
// An answer has three values: yes, no, and unknown, where the service could not be asked. What
// follows from unknown is the caller's to say, with [WhenUnknown]; by default it is no.
//
// Times are in UTC. Amounts of money are in the minor unit of their currency. In what the service
// answers, a text or time that is null or absent is the zero value; a number or an object is nil.
// What a method could not do is an error: a [*Problem] where the service says why, and another
// where it does not answer.
//
// Nothing is cached. All that [Client.Has], [Client.Allows], [Client.Limit] and [Client.Require]
// say comes from [Client.Check]: a cache would stand there.
package entitled
