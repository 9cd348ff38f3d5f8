package pages

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"time"
)

//go:embed assets
var assetFiles embed.FS

// asset is one embedded file and a hash of what is in it.
type asset struct {
	content []byte
	hash    string
}

var assets = readAssets()

func readAssets() map[string]asset {
	entries, err := fs.ReadDir(assetFiles, "assets")
	if err != nil {
		panic(err) // the folder is embedded
	}
	read := make(map[string]asset, len(entries))
	for _, entry := range entries {
		content, err := assetFiles.ReadFile("assets/" + entry.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(content)
		read[entry.Name()] = asset{content, hex.EncodeToString(sum[:6])}
	}
	return read
}

// assetURL is where a page finds a file in the version that it was built with.
func assetURL(name string) (string, error) {
	a, known := assets[name]
	if !known {
		return "", fmt.Errorf("no asset %q", name)
	}
	return "/assets/" + name + "?v=" + a.hash, nil
}

// asset serves a file for ever when the address names its hash. Modules import one
// another without one, so those are asked for again, which costs an empty answer.
func (s *shop) asset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	a, known := assets[name]
	if !known {
		s.notFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == a.hash {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	w.Header().Set("ETag", `"`+a.hash+`"`)
	// The type follows from the name. The table that Go asks may be the system's,
	// where a script is sometimes text/plain, and nosniff would stop it.
	w.Header().Set("Content-Type", contentType(name))
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(a.content))
}

func contentType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	default:
		return "application/octet-stream"
	}
}
