package stripe

import (
	"strings"
	"sync"

	"golang.org/x/text/language"
)

const autoLocale = "auto"

// locales are those in which Stripe has its page, beside auto: a closed list, any
// other value is refused.
var locales = strings.Fields(`bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hr hu id it ja ko lt lv ms mt
	nb nl pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW`)

// pageLocale is the nearest of Stripe's locales to an IETF tag, such as
// navigator.language says. A language that readers of no listed one can be expected
// to read is left to Stripe's page, which asks the browser.
func pageLocale(tag string) string {
	if strings.EqualFold(tag, autoLocale) {
		return autoLocale
	}
	for _, locale := range locales {
		if strings.EqualFold(tag, locale) {
			return locale
		}
	}
	// Of a tag with parts that nobody has heard of, the rest counts; its language is
	// not made up from where it is spoken.
	parsed, _ := language.Parse(tag)
	if strings.HasPrefix(parsed.String(), "und") {
		return autoLocale
	}
	_, nearest, confidence := localeMatcher().Match(parsed)
	if confidence < language.High {
		return autoLocale
	}
	return locales[nearest]
}

var localeMatcher = sync.OnceValue(func() language.Matcher {
	tags := make([]language.Tag, len(locales))
	for i, locale := range locales {
		tags[i] = language.Make(locale)
		if locale == "pt" {
			tags[i] = language.EuropeanPortuguese // where CLDR's pt is Brazil's
		}
	}
	return language.NewMatcher(tags)
})
