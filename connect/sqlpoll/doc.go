// Package sqlpoll connects tables of SQL databases to package delivery, by database/sql.
// A [Source] reads a table as a log: rows in the order of an increasing position, such as
// an outbox. An [Outbox] adds rows in a transaction of yours, so that an event exists if
// and only if the transaction is committed.
//
// The position of a consumer is kept in a table of positions, together with a lease: one
// session at a time has a consumer. What is committed is what is done without a gap.
//
// Positions that a database allocates become visible in another order than that of their
// values: a transaction with a lower id may commit after one with a higher id. A source
// therefore does not pass a gap in the positions before it has been there for a time: see
// [GapWait] and [CommitOrdered].
//
// Statements are written for SQLite, PostgreSQL and MySQL: see [For]. The tests use
// SQLite only.
package sqlpoll
