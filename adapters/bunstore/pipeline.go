package bunstore

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgtype/zeronull"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
)

// link is what is known of one connection.
type link struct {
	direct   bool // to Postgres itself: what is prepared on it stays with it
	prepared map[string]*pgconn.StatementDescription
	names    int // given to statements so far; none is given twice
}

const linkKey = "entitled.link"

// linkOf returns nil as long as nothing is known.
func linkOf(conn *pgx.Conn) *link {
	l, _ := conn.PgConn().CustomData()[linkKey].(*link) // nil: nothing is known
	return l
}

// inBinary are the formats of the columns of an answer, however many.
var inBinary = []int16{pgx.BinaryFormatCode}

// pipeline sends statements in one round trip and returns what the last one was answered.
//
// pgx prepares what its batches have not prepared yet in trips of their own. Here it goes
// with the statements: the first time a statement's arguments go as text, as it is not known
// yet what the server takes them for. What it answers is in binary always: what a record
// has in it could not be told from its text. The first trip of a connection
// prepares nothing and asks who answers: through a pooler nothing can be prepared.
func (s *Store) pipeline(ctx context.Context, conn *pgx.Conn, statements []statement) (string, error) {
	sending := conn.PgConn().StartPipeline(ctx)
	made, err := send(sending, conn, statements)
	if err == nil {
		err = sending.Sync()
	}
	said := ""
	if err == nil {
		said, err = s.receive(sending, conn, statements, made)
	}
	if closing := sending.Close(); err == nil && closing != nil {
		err = closing
	}
	if staleStatement(err) {
		_ = conn.Close(ctx) // what it has prepared goes with it; the error is in err
	}
	return said, err
}

// send returns the names of the statements that are being prepared, by their place.
func send(sending *pgconn.Pipeline, conn *pgx.Conn, statements []statement) (made map[int]string, err error) {
	on := linkOf(conn)
	made = map[int]string{}
	var values arguments
	for i, st := range statements {
		var description *pgconn.StatementDescription
		if on != nil {
			description = on.prepared[st.sql]
		}
		if err := values.encode(conn.TypeMap(), description, st.args); err != nil {
			return nil, err
		}
		switch {
		case description != nil:
			sending.SendQueryPrepared(description.Name, values.values, values.formats, inBinary)
		case on != nil && on.direct && (len(st.args) > 0 || st.same):
			on.names++
			made[i] = fmt.Sprintf("entitled_%d", on.names)
			sending.SendPrepare(made[i], st.sql, nil)
			sending.SendQueryPrepared(made[i], values.values, values.formats, inBinary)
		default:
			sending.SendQueryParams(st.sql, values.values, nil, values.formats, inBinary)
		}
	}
	if on == nil {
		sending.SendQueryParams(whoAnswers, nil, nil, nil, nil)
	}
	return made, nil
}

// arguments are those of one statement as they are sent. pgx has the same, with a buffer that
// begins anew with each statement and grows with each value: of a batch of events, whose
// bodies are its greatest part, that was a third of all that an update allocates.
type arguments struct {
	values  [][]byte
	formats []int16
	buffer  []byte // is used again once they are sent; never nil, or an empty text in it would be NULL
}

// encode writes arguments as their types want it, or as text where these are not known yet.
func (a *arguments) encode(types *pgtype.Map, known *pgconn.StatementDescription, args []any) error {
	if a.buffer == nil {
		a.buffer = make([]byte, 0, 1024)
	}
	a.values, a.formats, a.buffer = a.values[:0], a.formats[:0], a.buffer[:0]
	if known != nil && len(known.ParamOIDs) != len(args) {
		return fmt.Errorf("a statement with %d parameters has %d arguments", len(known.ParamOIDs), len(args))
	}
	for i, arg := range args {
		oid, format := uint32(0), int16(pgx.TextFormatCode)
		if known != nil {
			oid = known.ParamOIDs[i]
			if _, is := arg.(string); !is { // which is the same in both
				format = types.FormatCodeForOID(oid)
			}
		}
		if bodies, are := arg.([][]byte); are {
			a.buffer = slices.Grow(a.buffer, sizeOf(bodies))
		}
		at := len(a.buffer)
		grown, err := types.Encode(oid, format, arg, a.buffer)
		if err != nil {
			return fmt.Errorf("argument %d: %w", i+1, err)
		}
		a.formats = append(a.formats, format)
		if grown == nil {
			a.values = append(a.values, nil)
			continue
		}
		a.buffer = grown
		a.values = append(a.values, grown[at:])
	}
	return nil
}

// sizeOf is how long an array of bytes is in binary, about.
func sizeOf(array [][]byte) int {
	size := 64
	for _, bytes := range array {
		size += len(bytes) + 4
	}
	return size
}

func (s *Store) receive(sending *pgconn.Pipeline, conn *pgx.Conn, statements []statement, made map[int]string) (said string, err error) {
	on := linkOf(conn)
	for i, st := range statements {
		if name, isMade := made[i]; isMade {
			description, err := resultOf[*pgconn.StatementDescription](sending)
			if err != nil {
				return "", fmt.Errorf("prepare: %w", err)
			}
			description.Name = name
			on.prepared[st.sql] = description
		}
		result, err := resultOf[*pgconn.ResultReader](sending)
		if err != nil {
			return "", err
		}
		rows := pgx.RowsFromResultReader(conn.TypeMap(), result)
		if err := s.read(rows, st); err != nil {
			return "", err
		}
		said = rows.CommandTag().String()
	}
	if on != nil {
		return said, nil
	}
	answering, err := resultOf[*pgconn.ResultReader](sending)
	if err != nil {
		return "", err
	}
	answer := answering.Read()
	if answer.Err != nil {
		return "", answer.Err
	}
	direct := isDirect(conn, string(answer.Rows[0][0]))
	conn.PgConn().CustomData()[linkKey] = &link{direct: direct, prepared: map[string]*pgconn.StatementDescription{}}
	if !direct {
		s.pooled.Store(true)
	}
	return said, nil
}

// resultOf is the next result, which has to be of a kind.
func resultOf[Result any](sending *pgconn.Pipeline) (result Result, err error) {
	next, err := sending.GetResults()
	if err != nil {
		return result, err
	}
	result, is := next.(Result)
	if !is {
		return result, fmt.Errorf("the server answered with %T, not %T", next, result)
	}
	return result, nil
}

// read hands rows to whoever wants them, and closes them.
func (s *Store) read(rows pgx.Rows, st statement) error {
	defer rows.Close()
	switch {
	case st.each != nil:
		for rows.Next() {
			if err := st.each(rows); err != nil {
				return err
			}
		}
	case st.rows != nil:
		if err := scan(s.db, rows, reflect.ValueOf(st.rows).Elem()); err != nil {
			return err
		}
	}
	rows.Close()
	return rows.Err()
}

// scan reads rows into a slice.
func scan(db *bun.DB, rows pgx.Rows, into reflect.Value) error {
	table := db.Table(into.Type().Elem())
	var fields []*schema.Field
	for _, column := range rows.FieldDescriptions() {
		field, known := table.FieldMap[column.Name]
		if !known {
			return fmt.Errorf("table %s has no field for column %s", table.Name, column.Name)
		}
		fields = append(fields, field)
	}
	for rows.Next() {
		row := grow(into, fields)
		targets := make([]any, len(fields))
		for i := range fields {
			targets[i] = row.ScanIndex(i)
		}
		if err := rows.Scan(targets...); err != nil {
			return err
		}
	}
	return nil
}

// record is a row that the columns of an answer, or of one of its columns, are read into.
type record struct {
	row    reflect.Value
	fields []*schema.Field
}

// grow adds a row to a slice.
func grow(slice reflect.Value, fields []*schema.Field) record {
	slice.Grow(1)
	slice.SetLen(slice.Len() + 1)
	return record{slice.Index(slice.Len() - 1), fields}
}

// ScanNull implements [pgtype.CompositeIndexScanner].
func (record) ScanNull() error { return errors.New("a row is NULL") }

// ScanIndex implements [pgtype.CompositeIndexScanner]. A time that is NULL is the zero time.
func (r record) ScanIndex(i int) any {
	field := r.row.FieldByIndex(r.fields[i].Index).Addr().Interface()
	if at, is := field.(*time.Time); is {
		return (*zeronull.Timestamptz)(at)
	}
	return field
}
