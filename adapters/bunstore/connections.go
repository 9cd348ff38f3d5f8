package bunstore

import "time"

// Connections are those to the database, of this process.
type Connections struct {
	Used, Idle, Most int
	Waits            int64         // how often one had to be waited for, so far
	Waited           time.Duration // for how long, in all
}

// Connections looks at the pool, and asks nobody.
func (s *Store) Connections() Connections {
	if s.onPostgres() {
		pool := s.pool.Stat()
		return Connections{
			Used: int(pool.AcquiredConns()), Idle: int(pool.IdleConns()), Most: int(pool.MaxConns()),
			Waits: pool.EmptyAcquireCount() + s.queue.waits.Load(), Waited: pool.EmptyAcquireWaitTime() + time.Duration(s.queue.waited.Load()),
		}
	}
	pool := s.db.DB.Stats()
	return Connections{
		Used: pool.InUse, Idle: pool.Idle, Most: pool.MaxOpenConnections, Waits: pool.WaitCount, Waited: pool.WaitDuration,
	}
}
