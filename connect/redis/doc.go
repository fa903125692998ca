// Package redis connects Redis streams to package delivery: a [Source] consumes a stream
// as a member of a consumer group and loses no event, and a [Sink] adds entries and waits
// for the server's answer.
//
// A group is a queue: its sessions, in any number of processes, share the entries, and
// each entry is acked by itself. An entry whose session has died comes again after
// [AckWait], to any session, and has lost its place in the order. With [Consumer], one
// session at a time with a fixed name keeps the order per key over crashes and restarts,
// since it reads first what it had open.
//
// It needs a server of version 6.2 or later (XAUTOCLAIM), and the right to run scripts
// (EVAL): heartbeats are for entries that the session still has, which no single command
// can say.
package redis
