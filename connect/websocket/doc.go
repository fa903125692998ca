// Package websocket reads the messages of a WebSocket as a stream, and writes to one.
//
// [Messages] is a stream of the messages that a server sends; it connects again and
// again. [Source] is the same for package delivery, [Sink] writes messages in order, and
// [Server] sends one stream to many clients.
//
// WebSocket has no positions and no acks: a message that was on its way when a connection
// or the process has ended is lost. A protocol on top may have them. [Position] says
// where a message has its position, [Setup] asks the server to begin after one, [Ack]
// sends acks, and [Resume] keeps the position in a store. With these, no message is lost
// that the server still has.
package websocket
