package ports

import (
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// AdminAction is something that somebody asked for with the rights of an operator. It is
// kept before it is done, so that nothing is done that was not kept.
type AdminAction struct {
	Seq    int64         // given by the store: the later one is greater
	At     time.Time     // UTC
	Key    string        // name of the service key; empty: the command line
	By     string        // who decided it, as whoever asked says; on the command line else the system's user
	Action string        // such as grants.give
	User   domain.UserID // about whom; empty: nobody in particular
	About  string        // what else it was about: a feature, a grant, events
}

// AdminLogQuery narrows a listing of actions; zero fields do not.
type AdminLogQuery struct {
	User   domain.UserID
	Before int64 // only those with a lesser Seq
	Limit  int   // 0: 50
}
