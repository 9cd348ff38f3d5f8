package stripe

import (
	"slices"
	"testing"
)

func TestPageLocale_NearestOfStripes(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]string{
		"auto": "auto", "AUTO": "auto",
		"de-DE": "de", "de-AT": "de", "de-CH-1996": "de", "DE-de": "de", "gsw": "de", "de-DE-u-co-phonebk": "de",
		"en-US": "en", "en-AU": "en-GB", "en-IE": "en-GB", "en-gb": "en-GB",
		"es-ES": "es", "es-MX": "es-419", "es-AR": "es-419",
		"fr-FR": "fr", "fr-CH": "fr", "fr-CA": "fr-CA",
		"pt": "pt", "pt-PT": "pt", "pt-AO": "pt", "pt-BR": "pt-BR", "pt-br": "pt-BR",
		"no": "nb", "nb-NO": "nb", "nn-NO": "nb",
		"zh-Hans-CN": "zh", "zh-CN": "zh", "zh-SG": "zh", "zh-Hant": "zh-TW", "zh-Hant-TW": "zh-TW", "zh-Hant-HK": "zh-HK", "zh-HK": "zh-HK", "zh-MO": "zh-HK",
		"in": "id", "tl": "fil", "ja-JP": "ja", "ko-KR": "ko",
		// Not theirs, whatever their speakers are said to understand.
		"ar": "auto", "he-IL": "auto", "uk-UA": "auto", "ca-ES": "auto", "hi": "auto", "sr-RS": "auto",
		"zz": "auto", "qq-XX": "auto", "posix": "auto", "und": "auto", "d": "auto", "": "auto", "ü": "auto",
	} {
		if got := pageLocale(tag); got != want {
			t.Errorf("%q: got %s, want %s", tag, got, want)
		}
	}
}

// Whatever is asked for, what is sent is one of Stripe's, and theirs are sent as
// they are.
func TestPageLocale_IsOneOfStripes(t *testing.T) {
	t.Parallel()
	for _, locale := range locales {
		if got := pageLocale(locale); got != locale {
			t.Errorf("%s: got %s", locale, got)
		}
	}
	for _, language := range "abcdefghijklmnopqrstuvwxyz" {
		for _, second := range "abcdefghijklmnopqrstuvwxyz" {
			for _, region := range []string{"", "-US", "-DE", "-TW", "-Cyrl", "-419"} {
				tag := string(language) + string(second) + region
				if got := pageLocale(tag); got != autoLocale && !slices.Contains(locales, got) {
					t.Errorf("%s: got %s", tag, got)
				}
			}
		}
	}
}
