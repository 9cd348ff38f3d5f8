// Package bunstore is the store on a database: Postgres for serving, SQLite for
// development and small installations, from one code base. Bun knows the rows and
// writes the SQL; the few places where the two databases differ ask onPostgres,
// and they differ for speed: Postgres is handed arrays, so that a statement is the
// same for any number of rows and is prepared once a connection.
//
// Invariants:
//
//   - What is known of a user is written in [Store.Update] and nowhere else, a
//     receipt there and in [Store.Fail], a question there and in
//     [Store.TakeQuestions].
//   - Update locks accounts before it reads anything that fn decides on, so every
//     statement after the lock sees what the update before it has kept. READ
//     COMMITTED is what makes that true on Postgres: each statement has a
//     snapshot of its own.
//   - The number of statements in an Update does not depend on how many accounts
//     and events it is about, and on Postgres they take two round trips, on a new
//     connection too: begin, make and lock accounts, read; write and commit. (One more
//     where what the program before has written is met.)
//   - A table to which nothing is written costs no statement, and what is read is read by
//     one: beside rows, of which there are few, a statement is what costs.
//   - The program before serves on while this one is deployed, with the schema of this
//     one. Its keys and columns stay, no statement asks for all columns of a table, and
//     what it writes over what we have written is told apart from that.
//   - A row that exists is only ever written for the user it belongs to. The
//     database says so, not a check before the write.
//   - Times have microseconds, as both databases do, and come back in UTC. The
//     zero time is NULL where a time may be missing.
//   - Ids are kept to the byte or not at all; other text that a database refuses
//     (NUL, invalid UTF-8) is mended on its way into a row, and a payload is bytes.
//   - No constructor knows of a framework: [Open] needs a context and a URL.
//
// What each method promises is in package ports; portstest checks it.
package bunstore
