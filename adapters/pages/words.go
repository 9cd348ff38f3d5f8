package pages

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/entitled-dev/entitled/domain"
)

// acronyms are the words of feature keys that people write in capitals.
var acronyms = map[string]string{
	"2fa": "2FA", "ai": "AI", "api": "API", "apis": "APIs", "csv": "CSV", "gb": "GB", "id": "ID", "ip": "IP",
	"ldap": "LDAP", "mb": "MB", "mfa": "MFA", "oidc": "OIDC", "pdf": "PDF", "rbac": "RBAC", "saml": "SAML",
	"scim": "SCIM", "sdk": "SDK", "sla": "SLA", "sms": "SMS", "sql": "SQL", "sso": "SSO", "tb": "TB",
	"ui": "UI", "url": "URL", "urls": "URLs", "vpn": "VPN",
}

// inWords writes a key of the catalog as people would: "api_calls" is "API calls".
func inWords(key string) string {
	words := strings.FieldsFunc(key, func(r rune) bool { return r == '_' || r == '-' || r == '.' || r == ' ' })
	for i, word := range words {
		if acronym, known := acronyms[strings.ToLower(word)]; known {
			words[i] = acronym
		}
	}
	return strings.Join(words, " ")
}

// capital begins a text with a capital letter.
func capital(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return text
	}
	return string(unicode.ToUpper(first)) + text[size:]
}

// count writes how many there are of something that is given in the plural.
func count(n int64, plural string) string {
	if n == 1 {
		plural = singular(plural)
	}
	return grouped(uint64(max(n, 0))) + " " + plural
}

// singular takes the plural off the last word. Catalogs name limits in regular
// plurals; what it does not recognize it leaves alone.
func singular(words string) string {
	switch {
	case strings.HasSuffix(words, "ies"):
		return strings.TrimSuffix(words, "ies") + "y"
	case strings.HasSuffix(words, "ss"), !strings.HasSuffix(words, "s"):
		return words
	default:
		return strings.TrimSuffix(words, "s")
	}
}

// grantWords says what a plan gives of a feature: "SSO", "100 projects", "5 seats each",
// "5 seats included, then 1 each", "Unlimited seats", "Support: gold".
func grantWords(called string, v domain.Value, f domain.Feature) string {
	words := small(called)
	switch {
	case v.Type == domain.FeatureChoice:
		return called + ": " + inWords(v.Choice)
	case v.Type != domain.FeatureLimit:
		return called
	case v.Limit == domain.Unlimited:
		return "Unlimited " + words
	case f.PerUnit && f.Included > 0:
		return count(f.Included, words) + " included, then " + grouped(uint64(max(v.Limit, 0))) + " each"
	case f.PerUnit:
		return count(v.Limit, words) + " each"
	default:
		return count(v.Limit, words)
	}
}

// small begins a text as in the middle of a sentence, unless it is an acronym.
func small(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	second, _ := utf8.DecodeRuneInString(text[size:])
	if size == 0 || unicode.IsUpper(second) || unicode.IsDigit(second) {
		return text
	}
	return string(unicode.ToLower(first)) + text[size:]
}

// called is what a feature is called: its name, or else its key in words.
func (s *shop) called(key domain.FeatureKey) string {
	return cmp.Or(s.Features[key].Name, capital(inWords(string(key))))
}

// nameOf is what a plan is called.
func nameOf(p domain.Plan) string {
	if p.Name != "" {
		return p.Name
	}
	return capital(inWords(string(p.Key)))
}

// words tell the scripts how to write the keys and the amounts that the API answers with.
type words struct {
	Plans    map[domain.PlanKey]string    `json:"plans"`
	Features map[domain.FeatureKey]string `json:"features"`
	Digits   map[string]int               `json:"digits"` // see minorDigits
	Signs    map[string]string            `json:"signs"`
}

// words are those of what is for sale. The pages that use them do without: a plan that
// is no longer sold is written as its key, and so is all when prices cannot be read.
func (s *shop) words(r *http.Request) string {
	w := words{map[domain.PlanKey]string{}, map[domain.FeatureKey]string{}, minorDigits, signs}
	for key := range s.Features {
		w.Features[key] = s.called(key)
	}
	offered, err := s.Plans.Do(r.Context())
	if err != nil {
		s.Logger.WarnContext(r.Context(), "list plans for their names", "error", err)
	}
	for _, o := range offered {
		w.Plans[o.Plan.Key] = nameOf(o.Plan)
		for key := range o.Plan.Grants {
			w.Features[key] = s.called(key)
		}
	}
	written, err := json.Marshal(w)
	if err != nil {
		s.Logger.ErrorContext(r.Context(), "write words", "error", err)
		return "{}"
	}
	return string(written)
}
