package control

import (
	"fmt"
	"io"
	"net/http"
)

// maxSnapshot is how long a snapshot may be that is restored, in bytes.
const maxSnapshot = 256 << 20

func snapshot(c *call) (any, error) {
	text, err := c.box.Snapshot()
	return written(text), err
}

func restore(c *call) (any, error) {
	text, err := io.ReadAll(http.MaxBytesReader(nil, c.Body, maxSnapshot))
	if err != nil {
		return nil, fmt.Errorf("the snapshot cannot be read: %w", err)
	}
	return done{}, c.server.replace(text)
}
