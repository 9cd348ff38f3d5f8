package httpapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// payload is what the JSON body of an operation may be.
type payload struct {
	optional bool   // there need not be a body
	example  string // for whoever sent something that cannot be read
	members  map[string]member
}

// member is what a body may have under one name.
type member struct {
	kind     kind
	required bool
	// least and most are of a text its characters, of a list its items, of a number
	// itself. A most of 0 is none.
	least, most int64
	words       []string // if there are any, a text is one of them
}

type kind int

const (
	kindText kind = iota
	kindNumber
	kindTime
	kindBoolean
	kindValue // of a feature
	kindIDs
)

// payloads has a row for each operation whose body openapi.yaml describes, and says the
// same: a test compares them. Reading the document itself would take longer than all else
// that a start does. Stripe defines what a webhook's body is.
var payloads = map[routeKey]payload{
	{http.MethodPost, "/api/checkout/:plan"}: {
		optional: true, example: `{}`,
		members: map[string]member{
			"price":       {kind: kindText},
			"quantity":    {kind: kindNumber, least: 1},
			"success_url": {kind: kindText, most: 5000},
			"cancel_url":  {kind: kindText, most: 5000},
			"currency":    {kind: kindText, least: 3, most: 3},
			"locale":      {kind: kindText, most: 35},
			"email":       {kind: kindText, least: 3, most: ports.MaxEmail},
			"name":        {kind: kindText, least: 1, most: ports.MaxBuyerName},
			"user_id":     {kind: kindText, least: 1, most: 255},
		},
	},
	{http.MethodPost, "/api/portal"}: {
		optional: true, example: `{"flow":"subscription_update","plan":"pro","price":"yearly"}`,
		members: map[string]member{
			"flow":       {kind: kindText, words: []string{string(PaymentMethodUpdate), string(SubscriptionCancel), string(SubscriptionUpdate)}},
			"plan":       {kind: kindText},
			"price":      {kind: kindText},
			"quantity":   {kind: kindNumber, least: 1},
			"return_url": {kind: kindText, most: 5000},
			"user_id":    {kind: kindText, least: 1, most: 255},
		},
	},
	{http.MethodPost, "/api/subscription/change"}: {
		example: `{"plan":"team","quantity":7}`,
		members: map[string]member{
			"plan":           {kind: kindText, required: true},
			"price":          {kind: kindText},
			"quantity":       {kind: kindNumber, least: 1},
			"when":           {kind: kindText, words: wordsOf(app.Whens)},
			"proration_date": {kind: kindTime},
			"user_id":        {kind: kindText, least: 1, most: 255},
		},
	},
	{http.MethodPost, "/api/subscription/cancel"}: {
		optional: true, example: `{}`,
		members: map[string]member{
			"plan":    {kind: kindText},
			"when":    {kind: kindText, words: wordsOf(app.Whens)},
			"user_id": {kind: kindText, least: 1, most: 255},
		},
	},
	{http.MethodPost, "/api/subscription/pause"}: {
		optional: true, example: `{}`,
		members: map[string]member{
			"plan":       {kind: kindText},
			"resumes_at": {kind: kindTime},
			"user_id":    {kind: kindText, least: 1, most: 255},
		},
	},
	{http.MethodPost, "/api/subscription/resume"}: {
		optional: true, example: `{}`,
		members: map[string]member{
			"plan":    {kind: kindText},
			"user_id": {kind: kindText, least: 1, most: 255},
		},
	},
	{http.MethodPost, "/api/admin/users/:user_id/grants"}: {
		example: `{"feature":"sso","reason":"contract 4711"}`,
		members: map[string]member{
			"feature": {kind: kindText, required: true},
			"value":   {kind: kindValue},
			"since":   {kind: kindTime},
			"until":   {kind: kindTime},
			"reason":  {kind: kindText, required: true, least: 1, most: 1000},
			"by":      {kind: kindText, least: 1, most: 255},
		},
	},
	{http.MethodPost, reconcilePath}: {
		optional: true, example: `{}`,
		members: map[string]member{
			"since":   {kind: kindTime},
			"user_id": {kind: kindText, least: 1, most: 255},
			"dry_run": {kind: kindBoolean},
		},
	},
	{http.MethodPost, verifyPath}: {
		optional: true, example: `{}`,
		members: map[string]member{
			"user_id": {kind: kindText, least: 1, most: 255},
			"after":   {kind: kindText, least: 1, most: 255},
			"limit":   {kind: kindNumber, least: 1, most: app.MostVerified},
			"bodies":  {kind: kindBoolean},
		},
	},
	{http.MethodPost, endpointsPath}: {
		example: `{"url":"https://app.example.com/hooks"}`,
		members: map[string]member{
			"url":      {kind: kindText, required: true, least: 1, most: 2000},
			"features": {kind: kindIDs, most: 100},
			"causes":   {kind: kindIDs, most: 100},
			"after":    {kind: kindNumber},
			"enabled":  {kind: kindBoolean},
			"secret":   {kind: kindText, least: 1, most: 100},
		},
	},
	{http.MethodPatch, endpointPath}: {
		example: `{"enabled":true}`,
		members: map[string]member{
			"url":      {kind: kindText, least: 1, most: 2000},
			"features": {kind: kindIDs, most: 100},
			"causes":   {kind: kindIDs, most: 100},
			"after":    {kind: kindNumber},
			"enabled":  {kind: kindBoolean},
		},
	},
	{http.MethodPost, endpointPath + "/rotate"}: {
		optional: true, example: `{}`,
		members: map[string]member{"secret": {kind: kindText, least: 1, most: 100}},
	},
	{http.MethodPost, "/api/admin/grants/:id/revoke"}: {
		example: `{"by":"ada","reason":"the contract ended"}`,
		members: map[string]member{
			"reason": {kind: kindText, required: true, least: 1, most: 1000},
			"by":     {kind: kindText, least: 1, most: 255},
		},
	},
	{http.MethodPost, "/api/admin/events/replay"}: {
		example: `{"outcome":"quarantined"}`,
		members: map[string]member{
			"ids":     {kind: kindIDs, least: 1, most: 100},
			"outcome": {kind: kindText, words: wordsOf(domain.Outcomes)},
			"since":   {kind: kindTime},
		},
	},
}

func wordsOf[T ~string](all []T) []string {
	words := make([]string, len(all))
	for i, word := range all {
		words[i] = string(word)
	}
	return words
}

// suchAs shows a body that could be read.
func (p payload) suchAs() string { return ": send JSON such as " + p.example }

// fault says what is wrong with a body; empty: nothing.
func (p payload) fault(body map[string]any) string {
	for _, name := range slices.Sorted(maps.Keys(body)) {
		m, known := p.members[name]
		if !known {
			return fmt.Sprintf("body has %.60q, which is none of %s", name, strings.Join(slices.Sorted(maps.Keys(p.members)), ", "))
		}
		if fault := m.fault(body[name]); fault != "" {
			return "body." + name + " " + fault
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.members)) {
		if _, there := body[name]; p.members[name].required && !there {
			return "body." + name + " is missing"
		}
	}
	return ""
}

const (
	// ofNumber is for people, and so is what follows.
	ofNumber   = "is a whole number, such as 2"
	notAsLarge = ", and not as large"
	ofTime     = "is a time with its zone, such as 2027-01-31T12:00:00Z"
	// ofBoolean is without quotes around it.
	ofBoolean = "is true or false"
	ofIDs     = "is a list of ids, each with 1 to 255 letters, digits and _ . -"
)

// mostValue is the last whole number that JSON carries everywhere.
const mostValue = 1 << 53

// fault says what is wrong with a value, as it follows its name; empty: nothing.
func (m member) fault(value any) string {
	switch m.kind {
	case kindNumber:
		return m.faultOfNumber(value)
	case kindTime:
		if text, is := value.(string); !is || new(time.Time).UnmarshalText([]byte(text)) != nil {
			return ofTime
		}
	case kindBoolean:
		if _, is := value.(bool); !is {
			return ofBoolean
		}
	case kindValue:
		if !isFeatureValue(value) {
			return ofValue
		}
	case kindIDs:
		return m.faultOfIDs(value)
	case kindText:
		return m.faultOfText(value)
	}
	return ""
}

func (m member) faultOfText(value any) string {
	text, is := value.(string)
	length := int64(utf8.RuneCountInString(text))
	switch {
	case !is:
		return "is a text"
	case len(m.words) > 0 && !slices.Contains(m.words, text):
		return "is one of " + strings.Join(m.words, ", ")
	case length < m.least || m.most > 0 && length > m.most:
		return m.bounds("characters")
	default:
		return ""
	}
}

func (m member) bounds(of string) string {
	if m.least == 0 {
		return fmt.Sprintf("has at most %d %s", m.most, of)
	}
	return fmt.Sprintf("has %d to %d %s", m.least, m.most, of)
}

func (m member) faultOfNumber(value any) string {
	number, _ := value.(json.Number)
	n, err := strconv.ParseInt(string(number), 10, 64)
	switch {
	case err == nil && n < m.least:
		return fmt.Sprintf("is at least %d", m.least)
	case err == nil && m.most > 0 && n > m.most:
		return fmt.Sprintf("is at most %d", m.most)
	case err == nil:
		return ""
	case strings.Trim(string(number), "-0123456789") == "" && number != "":
		return ofNumber + notAsLarge
	default:
		return ofNumber
	}
}

func (m member) faultOfIDs(value any) string {
	ids, is := value.([]any)
	if !is {
		return ofIDs
	}
	if n := int64(len(ids)); n < m.least || n > m.most {
		return m.bounds("ids")
	}
	for _, id := range ids {
		if text, is := id.(string); !is || !isEventID(text) {
			return ofIDs
		}
	}
	return ""
}

// isEventID: 1 to 255 of the bytes that ids are made of.
func isEventID(text string) bool {
	for i := range len(text) {
		if !plainByte(text[i]) && text[i] != '.' {
			return false
		}
	}
	return 1 <= len(text) && len(text) <= 255
}

// isFeatureValue: true, a number that JSON carries everywhere, or "unlimited".
// valueWord is what a value may say in a word: unlimited, or a choice.
var valueWord = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

func isFeatureValue(value any) bool {
	switch value := value.(type) {
	case bool:
		return value
	case string:
		return valueWord.MatchString(value)
	case json.Number:
		n, err := strconv.ParseInt(string(value), 10, 64)
		return err == nil && 0 <= n && n <= mostValue
	default:
		return false
	}
}
