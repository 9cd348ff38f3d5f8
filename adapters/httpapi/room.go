package httpapi

import (
	"slices"
	"sync"
)

// rooms are those of large bodies that turned out to be nobody's. The next one fills them
// again: of new ones the garbage collector would let three times as much be in use.
type rooms struct {
	mu   sync.Mutex
	free [][]byte
}

func isLarge(room int) bool { return room > maxBody+1 }

// get returns an empty room for so many bytes.
func (r *rooms) get(bytes int) []byte {
	if !isLarge(bytes) {
		return make([]byte, 0, bytes)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	fits := func(room []byte) bool { return cap(room) == bytes }
	if i := slices.IndexFunc(r.free, fits); i >= 0 {
		room := r.free[i][:0]
		r.free = slices.Delete(r.free, i, i+1)
		return room
	}
	r.free = nil
	return make([]byte, 0, bytes)
}

// put takes a room back that nobody will look at any more.
func (r *rooms) put(room []byte) {
	if !isLarge(cap(room)) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.free = append(r.free, room)
}

// fit gives a body no more room than it needs, if it has much more.
func (r *rooms) fit(body []byte) []byte {
	if !isLarge(cap(body)) || len(body) > cap(body)/2 {
		return body
	}
	fitting := slices.Clip(slices.Clone(body))
	r.put(body)
	return fitting
}

// drop forgets them all.
func (r *rooms) drop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.free = nil
}
