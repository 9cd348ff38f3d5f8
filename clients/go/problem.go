package entitled

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Problem is what the service says where it does not do what it was asked for:
//
//	var p *entitled.Problem
//	if errors.As(err, &p) && p.Code == "already_held" { ... }
type Problem struct {
	// Code says what went wrong, for programs. It is empty if somebody else answered, such as a
	// proxy before the service.
	Code string `json:"code"`
	// Title is what went wrong, the same for every problem with this code.
	Title string `json:"title"`
	// Detail is what went wrong this time, and what to do; for people. It may be empty.
	Detail string `json:"detail"`
	// Status is that of HTTP.
	Status int `json:"status"`
	// RequestID names the request in the service's log.
	RequestID string `json:"request_id"`
	// RetryAfter is when the same request may be made again; 0 if the service does not say.
	RetryAfter time.Duration `json:"-"`
}

// Error implements [error].
func (p *Problem) Error() string {
	text := fmt.Sprintf("entitled: %d %s", p.Status, p.Title)
	if p.Detail != "" {
		text += ": " + p.Detail
	}
	if p.Code != "" {
		text += fmt.Sprintf(" (%s, request %s)", p.Code, p.RequestID)
	}
	return text
}

// errNoAnswer is the cause of an error where the service did not answer.
var errNoAnswer = errors.New("the service does not answer")

// IsOutage tells an error that says nothing about the question (no answer in time, or one that
// asks to come later) from one that says that the question is wrong, such as a misspelled feature
// or a key that is not valid.
func IsOutage(err error) bool {
	if p, is := problemOf(err); is {
		return p.Status >= 500 || p.Status == http.StatusTooManyRequests || p.Status == http.StatusRequestTimeout
	}
	return errors.Is(err, errNoAnswer)
}

func problemOf(err error) (*Problem, bool) {
	var p *Problem
	is := errors.As(err, &p)
	return p, is
}

func readProblem(response *http.Response, text []byte) *Problem {
	p := &Problem{}
	if json.Unmarshal(text, p) != nil || p.Code == "" {
		*p = Problem{
			Title:  http.StatusText(response.StatusCode),
			Detail: "the answer is not the service's: is the base URL right, and what stands between?",
		}
	}
	p.Status = response.StatusCode
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds > 0 {
		p.RetryAfter = time.Duration(seconds) * time.Second
	}
	return p
}
