package httpapi

import (
	"bytes"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// forged is a signature that only the body can disprove.
var forged = "t=1,v1=" + strings.Repeat("0", 64)

// beginWebhook sends the head of a webhook and some of its body.
func (s *service) beginWebhook(signature string, length, sent int) net.Conn {
	s.Helper()
	conn := s.dial()
	s.say(conn, "POST %s HTTP/1.1\r\nHost: x\r\nStripe-Signature: %s\r\nContent-Length: %d\r\n\r\n", webhookPath, signature, length)
	s.say(conn, "%s", strings.Repeat("x", sent))
	return conn
}

// holds waits until bodies hold so many bytes.
func (s *service) holds(bytes int64) {
	s.Helper()
	s.eventually("the bytes held", func() bool {
		held, _ := s.BodyBytes()
		return held == bytes
	})
}

// beginChunked sends the head of a webhook that does not say its length, and one chunk.
func (s *service) beginChunked(sent int) net.Conn {
	s.Helper()
	conn := s.dial()
	s.say(conn, "POST %s HTTP/1.1\r\nHost: x\r\nStripe-Signature: %s\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n",
		webhookPath, forged, sent, strings.Repeat("x", sent))
	return conn
}

// nothingHeld waits until all that bodies held is given back.
func (s *service) nothingHeld() {
	s.Helper()
	s.eventually("the bytes held", func() bool {
		s.bodies.mu.Lock()
		defer s.bodies.mu.Unlock()
		return s.bodies.used == 0 && s.bodies.coming.Len() == 0
	})
}

func TestWebhook_ASignatureThatCannotBeIsAnsweredBeforeTheBodyComes(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for signature, says := range map[string]string{
		"":                                    "missing",
		"nonsense":                            "a time t and a signature v1",
		"t=1":                                 "no v1",
		"t=,v1=" + strings.Repeat("0", 64):    "no time",
		"t=now,v1=" + strings.Repeat("0", 64): "no time",
		"v1=" + strings.Repeat("0", 64):       "no time",
		"t=1,v0=" + strings.Repeat("0", 64):   "no v1",
		"t=1,v1=" + strings.Repeat("0", 63):   "no v1",
		"t=1,v1=" + strings.Repeat("x", 64):   "no v1",
	} {
		status, body := s.hear(s.beginWebhook(signature, maxWebhook, 0))
		if status != 400 || !strings.Contains(body, `"code":"bad_signature"`) || !strings.Contains(body, says) {
			t.Errorf("%q: got %d %s", signature, status, body)
		}
	}
	for _, signature := range []string{
		"t=1,v1=zz," + strings.TrimPrefix(forged, "t=1,"), strings.TrimPrefix(forged, "t=1,") + ",t=1", "v0=x," + forged + ",v2=y", "t=now," + forged,
	} {
		if err := checkSignatureForm(signature); err != nil {
			t.Errorf("%q may be the right one of some body: %v", signature, err)
		}
	}
}

// A body that does not come makes room for one that does.
func TestBody_OnesThatDoNotComeMakeRoom(t *testing.T) {
	t.Parallel()
	s := start(t, setup{config: Config{BodyBytes: 256 << 10}})
	_, session := s.buy("ada", "basic")
	// Each holds 60,001 bytes once its first 32 KiB are there, and 3/4 of 256 KiB is room
	// for three.
	const room = 3
	stalled := make([]net.Conn, 12)
	for i := range stalled {
		stalled[i] = s.beginWebhook(forged, 60_000, 40_000)
		if i < room {
			s.eventually("a body that is held", func() bool {
				held, most := s.BodyBytes()
				return held == int64(i+1)*60_001 && most == 256<<10
			})
			continue
		}
		if status, body := s.hear(stalled[i-room]); status != 408 || !strings.Contains(body, `"code":"slow_body"`) {
			t.Errorf("stalled body %d got %d %s", i-room, status, body)
		}
	}
	s.pay(session)
	if got := s.call("GET", "/api/entitlements/projects", "", as("user:ada")); got.json["entitled"] != true {
		t.Errorf("after paying: %s", got.text)
	}
}

// holdingUp reads no message before it may.
type holdingUp struct {
	ports.Gateway
	inside chan struct{}
	may    chan struct{}
}

func (h holdingUp) ReadEvent([]byte, string) (domain.Event, error) {
	h.inside <- struct{}{}
	<-h.may
	return domain.Event{}, ports.ErrBadSignature
}

func TestBody_ThereIsRoomForSoManyAtATime(t *testing.T) {
	t.Parallel()
	s := start(t, setup{config: Config{BodyBytes: 256 << 10}})
	gate := holdingUp{s.gateway, make(chan struct{}, 10), make(chan struct{})}
	s.deps.ReceiveWebhook = app.NewReceiveWebhook(gate, nil)
	send := func(length int) reply {
		return s.call("POST", webhookPath, strings.Repeat("x", length), map[string]string{"Stripe-Signature": forged})
	}
	answered := make(chan reply, 3)
	for range 3 {
		go func() { answered <- send(60_000) }()
		<-gate.inside
	}
	for name, got := range map[string]reply{"a usual message": send(20_000), "a large one": send(200_000)} {
		if s.want(got, 503, "overloaded"); got.Header.Get("Retry-After") != "2" || !got.Close {
			t.Errorf("%s: got %v", name, got.Header)
		}
	}
	// Who has proven who it is does not suffer from who has not.
	s.want(s.call("POST", "/api/checkout/pro", `{"quantity":2}`, as("user:ada")), 201, "")
	close(gate.may)
	for range 3 {
		s.want(<-answered, 400, "bad_signature")
	}
	s.nothingHeld()
	s.want(send(60_000), 400, "bad_signature")
}

func TestBody_LargeOnesLeaveRoomForTheUsual(t *testing.T) {
	t.Parallel()
	s := start(t, setup{config: Config{BodyBytes: 1 << 20}})
	gate := holdingUp{s.gateway, make(chan struct{}, 10), make(chan struct{})}
	s.deps.ReceiveWebhook = app.NewReceiveWebhook(gate, nil)
	send := func(length int) reply {
		return s.call("POST", webhookPath, strings.Repeat("x", length), map[string]string{"Stripe-Signature": forged})
	}
	answered := make(chan reply, 2)
	go func() { answered <- send(500_000) }()
	<-gate.inside
	s.want(send(500_000), 503, "overloaded")
	go func() { answered <- send(3_000) }()
	<-gate.inside
	close(gate.may)
	for range 2 {
		s.want(<-answered, 400, "bad_signature")
	}
}

// Who has its turn and sends nothing does not keep others from theirs, and is still heard later.
func TestBody_LargeOnesOfStrangersBeginInTurn(t *testing.T) {
	t.Parallel()
	s := start(t, setup{config: Config{BodyBytes: 64 << 20}})
	payload, signature := s.gateway.Message(domain.Event{ID: domain.EventID(strings.Repeat("e", 200_000)), Type: "x"})
	slow := s.beginWebhook(signature, len(payload), 0)
	s.say(slow, "%s", payload[:100_000])
	s.holds(256<<10 + 1)
	for range 3 {
		s.beginWebhook(forged, maxWebhook, 100_000)
	}
	answered := make(chan reply, 8)
	for range cap(answered) {
		go func() {
			answered <- s.call("POST", webhookPath, strings.Repeat("x", maxWebhook), map[string]string{"Stripe-Signature": forged})
		}()
	}
	for range cap(answered) {
		s.want(<-answered, 400, "bad_signature")
	}
	s.say(slow, "%s", payload[100_000:])
	if status, body := s.hear(slow); status != 200 {
		t.Errorf("the slow one got %d %s", status, body)
	}
}

func TestBody_OfThoseThatAreLateSomeAreCutOff(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	var late []net.Conn
	for i := range int64(3) {
		late = append(late, s.beginWebhook(forged, maxWebhook, 100_000))
		s.holds((i + 1) * (maxWebhook + 1))
	}
	if got := s.call("POST", webhookPath, strings.Repeat("x", maxWebhook), map[string]string{"Stripe-Signature": forged}); got.StatusCode != 400 {
		t.Errorf("one that is all there got %d %s", got.StatusCode, got.text)
	}
	if status, body := s.hear(late[0]); status != 408 || !strings.Contains(body, `"code":"slow_body"`) {
		t.Errorf("the first got %d %s", status, body)
	}
	s.holds(2 * (maxWebhook + 1))
}

// Strangers who have sent little take no turn from anybody.
func TestBody_LittleOfALargeOneTakesNoTurn(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for i := range int64(8) {
		s.beginWebhook(forged, maxWebhook, 5_000)
		s.holds((i + 1) * 4 * firstRead)
	}
	s.beginChunked(60_000)
	s.holds(8*4*firstRead + maxBody + 1)
	s.bodies.mu.Lock()
	defer s.bodies.mu.Unlock()
	if !s.bodies.turns.begin.TryAcquire(maxWebhook + 1) {
		t.Error("somebody has a turn")
	}
}

// One that is cut off while it waits for its turn leaves at once, as others wait for its room.
func TestBody_CutOffInLine(t *testing.T) {
	t.Parallel()
	s := start(t, setup{config: Config{BodyBytes: 2 << 20}})
	gate := holdingUp{s.gateway, make(chan struct{}, 1), make(chan struct{})}
	s.deps.ReceiveWebhook = app.NewReceiveWebhook(gate, nil)
	answered := make(chan reply, 1)
	go func() {
		answered <- s.call("POST", webhookPath, strings.Repeat("x", maxWebhook), map[string]string{"Stripe-Signature": forged})
	}()
	<-gate.inside
	inLine := make([]net.Conn, 8) // 3/4 of 2 MiB is room for seven of them
	for i := range inLine {
		inLine[i] = s.beginChunked(70_000)
		s.holds(maxWebhook + 1 + min(int64(i)+1, 7)*(maxBody+1))
	}
	if status, body := s.hear(inLine[0]); status != 408 || !strings.Contains(body, `"code":"slow_body"`) {
		t.Errorf("the first in line got %d %s", status, body)
	}
	close(gate.may)
	s.want(<-answered, 400, "bad_signature")
}

// keeping keeps what it has read, as Stripe's does, and no copy of it.
type keeping struct {
	ports.Gateway
	kept *[][]byte
}

func (k keeping) ReadEvent(payload []byte, signature string) (domain.Event, error) {
	event, err := k.Gateway.ReadEvent(payload, signature)
	if err == nil {
		*k.kept = append(*k.kept, payload)
	}
	return event, err //nolint:wrapcheck // as it came
}

// Room is used again only where nobody keeps what is in it.
func TestBody_OnesThatAreKeptStayAsTheyWere(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	held := s.beginWebhook(forged, 60_000, 5_000) // or the rooms would be dropped in between
	defer held.Close()
	s.holds(60_001)
	forge := func() {
		s.want(s.call("POST", webhookPath, strings.Repeat("x", 200_000), map[string]string{"Stripe-Signature": forged}), 400, "bad_signature")
	}
	var sent, kept [][]byte
	fulfill := app.NewFulfill(s.store, s.gateway, domain.Catalog{}, app.Settings{}, s.clock.Now, time.After, memory.NewMeter())
	defer fulfill.Close()
	s.deps.ReceiveWebhook = app.NewReceiveWebhook(keeping{s.gateway, &kept}, fulfill)
	for _, length := range []int{150_000, 70_000, 600_000, 140_000} {
		forge()
		if free := s.bodies.rooms.free; len(free) != 1 {
			t.Fatalf("%d rooms are free, want that of the forged one", len(free))
		}
		payload, signature := s.gateway.Message(domain.Event{ID: domain.EventID(strings.Repeat("e", length)), Type: "x"})
		sent = append(sent, payload)
		if got := s.call("POST", webhookPath, string(payload), map[string]string{"Stripe-Signature": signature}); got.StatusCode != 200 {
			t.Fatalf("got %d %s", got.StatusCode, got.text)
		}
		forge()
	}
	if !slices.EqualFunc(kept, sent, bytes.Equal) {
		t.Error("a message is kept otherwise than it was sent")
	}
}

// However its pieces come, and whether it says its length, a body arrives as it was sent.
func TestBody_ArrivesWhole(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for _, length := range []int{1, firstRead - 1, firstRead, firstRead + 1, 2 * firstRead, maxBody, maxBody + 1, 300_000, maxWebhook} {
		for _, chunked := range []bool{false, true} {
			event := domain.Event{ID: domain.EventID(strings.Repeat("e", length)), Type: "x"}
			payload, signature := s.gateway.Message(event)
			r, err := http.NewRequest("POST", s.url+webhookPath, strings.NewReader(string(payload)))
			if err != nil {
				t.Fatal(err)
			}
			if r.Header.Set("Stripe-Signature", signature); chunked {
				r.ContentLength = -1
			}
			if got := s.send(r); got.StatusCode != 200 {
				t.Errorf("%d bytes, chunked %t: got %d %s", length, chunked, got.StatusCode, got.text)
			}
		}
	}
	s.nothingHeld()
}
