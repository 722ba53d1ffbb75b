package main

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"examples/service/pgwire"
)

// SQLStore keeps documents in PostgreSQL. A transaction locks the rows that it changes.
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

// Apply takes the locks of all documents in the order of their names, so that two transactions never wait for each other.
func (s *SQLStore) Apply(ctx context.Context, changes []Change) ([]Document, error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() // does nothing after Commit
	order := make([]int, len(changes))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(changes[i].ID, changes[j].ID) })
	docs := make([]Document, len(changes))
	when := now()
	for _, i := range order {
		docs[i] = Document{ID: changes[i].ID, Updated: when, Body: changes[i].Body}
		if docs[i].Version, err = change(ctx, tx, changes[i], when); err != nil {
			return nil, fmt.Errorf("%s: %w", changes[i].ID, err)
		}
	}
	return docs, tx.Commit()
}

// change makes one of them, and returns the document's new version.
func change(ctx context.Context, tx *sql.Tx, c Change, when time.Time) (version int64, err error) {
	for {
		var old int64
		err := tx.QueryRowContext(ctx, "SELECT version FROM documents WHERE id = $1 FOR UPDATE", c.ID).Scan(&old)
		exists := err == nil
		var row *sql.Row
		switch {
		case err != nil && !errors.Is(err, sql.ErrNoRows):
			return 0, err
		case c.Body == nil && !exists:
			return 0, ErrNotFound
		case c.If != nil && *c.If != old: // no version is 0
			return 0, ErrVersion
		case c.Body == nil:
			row = tx.QueryRowContext(ctx, "DELETE FROM documents WHERE id = $1 RETURNING nextval('document_versions')", c.ID)
		case exists:
			row = tx.QueryRowContext(ctx, `UPDATE documents SET version = nextval('document_versions'), updated = $2, body = $3
				WHERE id = $1 RETURNING version`, c.ID, when, string(c.Body))
		default:
			row = tx.QueryRowContext(ctx, `INSERT INTO documents (id, version, updated, body) VALUES ($1, nextval('document_versions'), $2, $3)
				ON CONFLICT (id) DO NOTHING RETURNING version`, c.ID, when, string(c.Body))
		}
		err = row.Scan(&version)
		if !exists && errors.Is(err, sql.ErrNoRows) {
			continue // somebody else has created it in between: now there is a row to lock
		}
		return version, err
	}
}

func (s *SQLStore) Ping(ctx context.Context) error { return s.db.PingContext(ctx) }
func (s *SQLStore) Close() error                   { return s.db.Close() }
