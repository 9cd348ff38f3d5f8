package main

// covered are the operations that both clients have a verb for.
var covered = map[string]bool{
	"startCheckout":      true,
	"openPortal":         true,
	"previewChange":      true,
	"changeSubscription": true,
	"cancelSubscription": true,
	"resumeSubscription": true,
	"listOrders":         true,
	"showOrder":          true,
	"syncOrder":          true,
	"listInvoices":       true,
	"showSubscription":   true,
	"listEntitlements":   true,
	"checkEntitlement":   true,
	"listPlans":          true,
}

// leftOut are those that no client has, and why.
var leftOut = map[string]string{
	"receiveWebhook": "Stripe calls it",
	"explainUser":    "for support, who have the command line",
	"syncUser":       "for support, who have the command line",
	"listGrants":     "for support, who have the command line",
	"giveGrant":      "for support, who have the command line",
	"revokeGrant":    "for support, who have the command line",
	"listEvents":     "for operators, who have the command line",
	"replayEvents":   "for operators, who have the command line",
	"listAdminLog":   "for operators, who have the command line",
	"showMetrics":    "Prometheus reads it",
	"showDocument":   "what the clients are made from",
	"showHealth":     "a supervisor asks it",
	"showReadiness":  "a load balancer asks it",
}

// about says what a schema is for where the document does not.
var about = map[string]string{
	"ChangePreview":       "is what a change of a subscription would cost and give.",
	"ChangeRequest":       "is what a subscription is to be.",
	"ChangedSubscription": "is a subscription after a change.",
	"Checkout":            "says what the user has to do to have the plan, and where.",
	"CheckoutRequest":     "is how a plan is wanted; the zero value is one unit at its first price.",
	"DueLater":            "is what the next invoice comes to.",
	"EndRequest":          "says which subscription is to end, and when; the zero value ends the only one with its period.",
	"EndingSubscription":  "is a subscription, and whether it is to end.",
	"Entitlement":         "is the right of a user to a feature.",
	"EntitlementCheck":    "says whether a user has a feature.",
	"Entitlements":        "are what a user may do now.",
	"Invoices":            "are Stripe's, the newest first.",
	"Order":               "is one intent to buy a plan, and what became of it.",
	"Orders":              "are a page of what a user ordered, the last begun first.",
	"Plan":                "is something that is for sale, or that every user holds.",
	"PlanFeature":         "is what one unit of a plan gives of a feature.",
	"Plans":               "are what is for sale.",
	"Portal":              "is a way into Stripe's billing portal.",
	"PortalRequest":       "says what the portal is opened for; the zero value is the portal itself.",
	"PreviewLine":         "is a part of what a change would cost.",
	"Price":               "is one of the prices of a plan.",
	"ResumeRequest":       "says which subscription is to go on; the zero value is the only one.",
	"RightChange":         "is a feature before and after a change.",
	"Source":              "is a purchase or a grant that a right comes from.",
	"Subscribed":          "is what a user is subscribed to.",
	"SubscribedItem":      "is one of the items of a subscription.",
	"Subscription":        "is how a subscription stands.",
}
