// Package apidocs shows the API's reference in the browser: openapi.json as Swagger UI shows it,
// from files that are in the program. Nothing is loaded from elsewhere, and nothing is inline.
//
// Swagger UI is the one of the usual viewers that works under such a content policy; it asks for
// images in data: URLs alone. It is kept as published, compressed; update brings another version.
package apidocs
