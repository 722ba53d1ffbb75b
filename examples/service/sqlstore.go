package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"examples/service/pgwire"
)

// SQLStore keeps documents in PostgreSQL. Changes are serializable transactions, tried again when they meet others.
type SQLStore struct{ db *sql.DB }

const schema = `
	CREATE TABLE IF NOT EXISTS documents (
		id      text COLLATE "C" PRIMARY KEY,
		version bigint NOT NULL,
		updated timestamptz NOT NULL,
		body    json NOT NULL
	);
	CREATE SEQUENCE IF NOT EXISTS document_versions`

// OpenSQLStore connects to the database and makes the tables it lacks.
func OpenSQLStore(ctx context.Context, dsn string) (*SQLStore, error) {
	connector, err := pgwire.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(16)
	db.SetMaxIdleConns(16)
	db.SetConnMaxIdleTime(5 * time.Minute)
	if _, err := db.ExecContext(ctx, schema); err != nil {
		db.Close()
		return nil, err
	}
	return &SQLStore{db}, nil
}

func (s *SQLStore) Get(ctx context.Context, id string) (Document, error) {
	d := Document{ID: id}
	err := s.db.QueryRowContext(ctx, "SELECT version, updated, body FROM documents WHERE id = $1", id).Scan(&d.Version, &d.Updated, (*[]byte)(&d.Body))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return d, err
}

func (s *SQLStore) List(ctx context.Context, prefix, after string, limit int) ([]Document, error) {
	rows, err := s.db.QueryContext(ctx,
		"SELECT id, version, updated, body FROM documents WHERE starts_with(id, $1) AND id > $2 ORDER BY id LIMIT $3", prefix, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var docs []Document
	for rows.Next() {
		var d Document
		if err := rows.Scan(&d.ID, &d.Version, &d.Updated, (*[]byte)(&d.Body)); err != nil {
			return nil, err
		}
		docs = append(docs, d)
	}
	return docs, rows.Err()
}

func (s *SQLStore) Apply(ctx context.Context, changes []Change) ([]Document, error) {
	for pause := time.Millisecond; ; pause *= 2 {
		docs, err := s.try(ctx, changes)
		if !again(err) || pause > time.Second {
			return docs, err
		}
		select {
		case <-time.After(rand.N(pause)):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// again tells whether a transaction failed only because of others that ran at the same time.
func again(err error) bool {
	var pg *pgwire.Error
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01") // serialization failure, deadlock
}

func (s *SQLStore) try(ctx context.Context, changes []Change) ([]Document, error) {
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable})
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() // does nothing after Commit
	docs := make([]Document, len(changes))
	when := now()
	for i, c := range changes {
		docs[i] = Document{ID: c.ID, Updated: when, Body: c.Body}
		if err := s.change(ctx, tx, c, &docs[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", c.ID, err)
		}
	}
	return docs, tx.Commit()
}

func (s *SQLStore) change(ctx context.Context, tx *sql.Tx, c Change, d *Document) error {
	var old int64
	err := tx.QueryRowContext(ctx, "SELECT version FROM documents WHERE id = $1", c.ID).Scan(&old)
	exists := err == nil
	switch {
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return err
	case c.Body == nil && !exists:
		return ErrNotFound
	case c.If != nil && *c.If != old: // no version is 0
		return ErrVersion
	}
	if err := tx.QueryRowContext(ctx, "SELECT nextval('document_versions')").Scan(&d.Version); err != nil {
		return err
	}
	if c.Body == nil {
		_, err = tx.ExecContext(ctx, "DELETE FROM documents WHERE id = $1", c.ID)
	} else {
		_, err = tx.ExecContext(ctx, `INSERT INTO documents (id, version, updated, body) VALUES ($1, $2, $3, $4)
			ON CONFLICT (id) DO UPDATE SET version = excluded.version, updated = excluded.updated, body = excluded.body`,
			c.ID, d.Version, d.Updated, string(c.Body))
	}
	return err
}

func (s *SQLStore) Ping(ctx context.Context) error { return s.db.PingContext(ctx) }
func (s *SQLStore) Close() error                   { return s.db.Close() }
