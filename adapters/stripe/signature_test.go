package stripe

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/ports"
)

func TestVerify(t *testing.T) {
	t.Parallel()
	const newSecret = "whsec_the_next"
	body := []byte(`{"id":"evt_1","object":"event","type":"t","created":1700000000}`)
	now := noon.Truncate(time.Second)
	at := now.Unix()
	mac := func(when time.Time, secret string) string {
		_, v1, _ := strings.Cut(sign(body, when, secret), "v1=")
		return v1
	}
	good, next, wrong := mac(now, testSecret), mac(now, newSecret), mac(now, "whsec_another")

	for name, test := range map[string]struct {
		header string
		body   []byte
		ok     bool
	}{
		"right":                               {sign(body, now, testSecret), nil, true},
		"the other secret":                    {sign(body, now, newSecret), nil, true},
		"both signatures while rotating":      {fmt.Sprintf("t=%d,v1=%s,v1=%s", at, next, good), nil, true},
		"first wrong, second right":           {fmt.Sprintf("t=%d,v1=%s,v1=%s", at, wrong, good), nil, true},
		"first not hex, second right":         {fmt.Sprintf("t=%d,v1=zz,v1=%s", at, good), nil, true},
		"other schemes beside":                {fmt.Sprintf("t=%d,v0=%s,v1=%s,v2=x", at, wrong, good), nil, true},
		"time last":                           {fmt.Sprintf("v1=%s,t=%d", good, at), nil, true},
		"upper-case hex":                      {fmt.Sprintf("t=%d,v1=%s", at, strings.ToUpper(good)), nil, true},
		"several times, the last was signed":  {fmt.Sprintf("t=1,t=%d,v1=%s", at, good), nil, true},
		"299 s old":                           {sign(body, now.Add(-299*time.Second), testSecret), nil, true},
		"299 s ahead":                         {sign(body, now.Add(299*time.Second), testSecret), nil, true},
		"301 s old":                           {sign(body, now.Add(-301*time.Second), testSecret), nil, false},
		"301 s ahead":                         {sign(body, now.Add(301*time.Second), testSecret), nil, false},
		"a year ahead":                        {sign(body, now.AddDate(1, 0, 0), testSecret), nil, false},
		"at the end of time":                  {sign(body, time.Unix(1<<62, 0), testSecret), nil, false},
		"several times, the first was signed": {fmt.Sprintf("t=%d,t=1,v1=%s", at, good), nil, false},
		"an old time put after":               {fmt.Sprintf("t=%d,v1=%s,t=%d", at, good, at-1), nil, false},
		"wrong secret":                        {sign(body, now, "whsec_another"), nil, false},
		"empty secret":                        {sign(body, now, ""), nil, false},
		"secret with a line break":            {sign(body, now, testSecret+"\n"), nil, false},
		"no header":                           {"", nil, false},
		"nonsense":                            {"abc", nil, false},
		"trailing comma":                      {fmt.Sprintf("t=%d,v1=%s,", at, good), nil, false},
		"space after the comma":               {fmt.Sprintf("t=%d, v1=%s", at, good), nil, false},
		"no time":                             {"v1=" + good, nil, false},
		"only a time":                         {fmt.Sprintf("t=%d", at), nil, false},
		"only v0":                             {fmt.Sprintf("t=%d,v0=%s", at, good), nil, false},
		"time is not a number":                {"t=now,v1=" + good, nil, false},
		"empty signature":                     {fmt.Sprintf("t=%d,v1=", at), nil, false},
		"cut signature":                       {fmt.Sprintf("t=%d,v1=%s", at, good[:62]), nil, false},
		"another body":                        {sign(body, now, testSecret), append(body[:len(body):len(body)], '\n'), false},
		"no body":                             {sign(body, now, testSecret), []byte{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newTestGateway(t, nil, func(c *Config) {
				c.WebhookSecrets = []string{" " + newSecret, testSecret + "\n"} // as copied from somewhere
				c.Clock = func() time.Time { return now }
			})
			if test.body == nil {
				test.body = body
			}
			_, err := g.ReadEvent(test.body, test.header)
			if test.ok && err != nil {
				t.Errorf("refused: %v", err)
			}
			if !test.ok && !errors.Is(err, ports.ErrBadSignature) {
				t.Errorf("got %v, want %v", err, ports.ErrBadSignature)
			}
			if err != nil {
				mustNotLeak(t, err.Error())
			}
		})
	}
}

// The time is not compared before the signature: an error about it would tell
// nothing, since anybody can write a time.
func TestVerify_TimeOnlyOfStripes(t *testing.T) {
	t.Parallel()
	body := []byte("{}")
	_, err := newTestGateway(t, nil).ReadEvent(body, sign(body, noon.Add(-time.Hour), "whsec_another"))
	if err == nil || strings.Contains(err.Error(), "clock") {
		t.Errorf("got %v, want an error about the secret", err)
	}
	_, err = newTestGateway(t, nil).ReadEvent(body, sign(body, noon.Add(-time.Hour), testSecret))
	if err == nil || !strings.Contains(err.Error(), "clock") {
		t.Errorf("got %v, want an error about the clock", err)
	}
}

// Vectors computed apart from this program, with openssl.
func TestVerify_Vectors(t *testing.T) {
	t.Parallel()
	for body, v1 := range map[string]string{
		`{"id":"evt_test_webhook","object":"event"}`:                     "d95c6b7477fbd7e9f90b1b0ef5f9c7ac25abca5382460e0d988c2b2a5b71b990",
		"{\n  \"id\": \"evt_test_webhook\",\n  \"object\": \"event\"\n}": "4f1cd7feda9826e746b7d482c4badebb657398df1099e1046364f6196a230150",
		"": "316b9ab98c15bfa039d243f3196acee619cf29749a91a634e6a8154e2f7b6727",
		`{"id":"evt_ünïcode","object":"event"}`: "e35f89d1b35bdb5f4e75e407dc234948bb3b6c33b492413ec1069dfb9b6d87f9",
	} {
		g := newTestGateway(t, nil, func(c *Config) {
			c.Clock = func() time.Time { return time.Unix(1700000000, 0) }
		})
		if err := g.verify([]byte(body), "t=1700000000,v1="+v1); err != nil {
			t.Errorf("%q: %v", body, err)
		}
		if err := g.verify([]byte(body+" "), "t=1700000000,v1="+v1); !errors.Is(err, ports.ErrBadSignature) {
			t.Errorf("%q with a byte more: %v", body, err)
		}
	}
}
