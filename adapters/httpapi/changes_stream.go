package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/ports"
)

const (
	eventStream = "text/event-stream"
	// streamTime is how long a stream lasts: its reader then comes again, perhaps to another
	// server.
	streamTime = 10 * time.Minute
	// heartbeat is after how long of silence a stream says that it is there.
	heartbeat = 15 * time.Second
	// writeTime is how long a reader may take for what is sent at a time. A slower one is cut
	// off, and goes on from what it has.
	writeTime = 10 * time.Second
	// streamRetry is after how long a reader is to come again.
	streamRetry = 2 * time.Second
)

// acceptsStream tells whether a request asks for a stream of events.
func acceptsStream(r *http.Request) bool {
	for _, accept := range r.Header.Values(echo.HeaderAccept) {
		for each := range strings.SplitSeq(accept, ",") {
			if media, _, err := mime.ParseMediaType(each); err == nil && media == eventStream {
				return true
			}
		}
	}
	return false
}

// changeStream is the answer to who asks for changes as they come.
type changeStream struct {
	server *Server
	ctx    context.Context //nolint:containedctx // the generated code hands none to an answer
	query  ports.FeedQuery
	page   app.ChangesPage // the first one
	leave  func()
}

// streamChanges reads the first page, so that what is wrong with the cursor is an answer with
// a status.
func (s *Server) streamChanges(ctx context.Context, query ports.FeedQuery) (ListChangesResponseObject, error) {
	query.Limit = defaultChanges
	leave, err := s.deps.ReadChanges.Enter(exchangeOf(ctx).caller.Name)
	if err != nil {
		return nil, err
	}
	page, err := s.deps.ReadChanges.Do(ctx, query, 0)
	if err != nil {
		leave()
		return nil, err
	}
	return changeStream{s, ctx, query, page, leave}, nil
}

// VisitListChangesResponse implements [ListChangesResponseObject]. What goes wrong once the
// stream has begun ends it: its reader comes again, and hears it.
func (c changeStream) VisitListChangesResponse(w http.ResponseWriter) error {
	defer c.leave()
	ctx, cancel := context.WithTimeout(c.ctx, streamTime)
	defer cancel()
	defer context.AfterFunc(c.server.ending, cancel)()
	control := http.NewResponseController(w)
	// The server's own limits are for answers that are ready at once.
	if err := control.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("stream: %w", err)
	}
	header := w.Header()
	header.Set(echo.HeaderContentType, eventStream)
	header.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	text := fmt.Appendf(nil, "retry: %d\n\n", streamRetry.Milliseconds())
	for page := c.page; ; {
		text = append(text, eventsOf(page, c.query.After)...)
		if err := sendNow(w, control, text); err != nil || ctx.Err() != nil {
			return nil //nolint:nilerr // its reader is gone
		}
		c.query.After = page.Next
		next, err := c.server.deps.ReadChanges.Do(ctx, c.query, heartbeat)
		if err != nil {
			return nil //nolint:nilerr // the stream ends; see above
		}
		page, text = next, nil
	}
}

// eventsOf are the events of a page. One without data tells no reader anything: it keeps the
// connection, and moves the cursor on past what the query leaves out.
func eventsOf(page app.ChangesPage, after int64) []byte {
	var text bytes.Buffer
	for _, change := range page.Changes {
		data, _ := json.Marshal(changeJSON(change)) // strings, numbers and times: cannot fail
		fmt.Fprintf(&text, "id: %d\ndata: %s\n\n", change.Position, data)
		after = change.Position
	}
	if len(page.Changes) == 0 || page.Next > after {
		fmt.Fprintf(&text, ": heartbeat\nid: %d\n\n", page.Next)
	}
	return text.Bytes()
}

// sendNow sends text at once, and waits only so long for who reads it.
func sendNow(w http.ResponseWriter, control *http.ResponseController, text []byte) error {
	if err := control.SetWriteDeadline(time.Now().Add(writeTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("stream: %w", err)
	}
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	if err := control.Flush(); err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	return nil
}
