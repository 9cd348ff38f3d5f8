package authn

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/entitled-dev/entitled/ports"
)

// minKey makes a key that is guessed or typed by hand stand out.
const minKey = 16

// serviceKey is one of the product's back ends.
type serviceKey struct {
	name string
	role ports.Role
	hash [sha256.Size]byte
}

var keyName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

// parseKeys reads name:role:key,... and reports every fault, without ever
// repeating a key. An entry that is no triple may be a bare key: it is not
// repeated either.
func parseKeys(setting string) ([]serviceKey, error) {
	var (
		keys   []serviceKey
		faults []error
	)
	names := map[string]bool{}
	hashes := map[[sha256.Size]byte]string{}
	for n, entry := range strings.Split(setting, ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		fault := func(format string, args ...any) {
			faults = append(faults, fmt.Errorf("API_KEYS, entry %d: %s", n+1, fmt.Sprintf(format, args...)))
		}
		parts := strings.SplitN(entry, ":", 3)
		if len(parts) != 3 || !keyName.MatchString(parts[0]) {
			fault("write it as name:role:key, where the name is letters, digits, . _ and -")
			continue
		}
		k := serviceKey{name: parts[0], role: ports.Role(parts[1]), hash: sha256.Sum256([]byte(parts[2]))}
		switch {
		case k.role != ports.RoleApp && k.role != ports.RoleAdmin:
			fault("%s has no role that exists: it is app or admin", k.name)
		case len(parts[2]) < minKey:
			fault("the key of %s is shorter than %d characters: use a random one, such as the output of openssl rand -hex 32", k.name, minKey)
		case len(parts[2]) > maxToken || !bearerKey.MatchString(parts[2]):
			fault("the key of %s cannot be sent in a header: use letters, digits and - . _ ~ + / : = only", k.name)
		case looksLikeJWT(parts[2]):
			fault("the key of %s has two dots, as a JWT has: use another one", k.name)
		case names[k.name]:
			fault("the name %s is given twice", k.name)
		case hashes[k.hash] != "":
			fault("%s has the same key as %s: give each its own", k.name, hashes[k.hash])
		default:
			names[k.name], hashes[k.hash] = true, k.name
			keys = append(keys, k)
		}
	}
	return keys, errors.Join(faults...)
}

// bearerKey is what may stand after "Bearer " by RFC 6750.
var bearerKey = regexp.MustCompile(`^[A-Za-z0-9._~+/:=-]+$`)

// findKey looks for the presented key among all of them, taking as long whichever
// it is and whether there is one.
func findKey(keys []serviceKey, presented string) (serviceKey, bool) {
	hash := sha256.Sum256([]byte(presented))
	found := -1
	for n, k := range keys {
		found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(hash[:], k.hash[:]), n, found)
	}
	if found < 0 {
		return serviceKey{}, false
	}
	return keys[found], true
}
