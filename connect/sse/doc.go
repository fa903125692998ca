// Package sse reads event streams of the web (server-sent events), and serves them. It
// needs the standard library only.
//
// [Events] is the event stream of a URL as a stream; it connects again and again.
// [Source] is the same for package delivery: the Last-Event-ID that a restart begins with
// is that of the last event that is done, and not of the last that was read.
//
//	prices := sse.Source(url, sse.Resume(files.Position("prices.position")), sse.IdleTimeout(time.Minute))
//	err := delivery.Process(prices, 16, delivery.JSON(store)).Drain(ctx)
//
// [Server] sends one stream to many web clients. It is an http.Handler:
//
//	server := sse.NewServer(sse.History(1000), sse.NumberIDs())
//	http.Handle("/prices", server)
//	err := server.Run(ctx, prices) // returns when all clients are gone
//
// Streams are read as the HTML standard says: UTF-8 with or without a byte order mark,
// lines that end with CR, LF or both, comments, fields without a colon, data of several
// lines, and an id with a NUL is ignored. Lines may have any length up to [MaxEvent].
package sse
