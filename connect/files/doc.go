// Package files reads files that grow, and writes files that survive a crash. It needs
// the standard library only.
//
// [Lines], [JSON] and [CSV] are streams of the records of files, to their ends or, with
// [Follow], on and on. [Source] is the same for package delivery: the position in a file
// moves on only when an event and all before it are done, and it survives a crash of the
// process and of the machine.
//
//	lines := files.Source("/var/log/app.log*", "/var/lib/app/position", files.Exclude("*.gz"))
//	err := delivery.Process(lines, 16, delivery.JSON(store)).Drain(ctx)
//
// # Rotation
//
// A file is not known by its name, but by its device and inode, its first bytes, and the
// record before the position.
//
//   - Renamed and made anew: the renamed file is read to its end, then the new one. It is
//     found again after a restart, in the same directory. If more than one rotation may
//     happen while no session runs, use a pattern that matches the rotated names as well,
//     such as app.log*: then each of them is read once, in the order of their times.
//   - Copied and truncated: the file begins anew. With [Copies], the rest of the old
//     content is read from the copy. Lines that the writer wrote between the copy
//     and the truncation are lost before anybody can read them: prefer a rename.
//   - Compressed: leave such names out with [Exclude]. A file that was compressed before it
//     was read to its end is reported to [OnTrouble].
//   - Removed: an open file is still read to its end. A file that was not open is reported.
//
// A file that is rewritten with the same first bytes, and with the same record at the
// position, looks like a file that has grown. A new file that has the inode, the size and
// the bytes of a removed file is recognized by its time.
//
// There is no inotify: files are polled, which works on all file systems. Windows lets
// nobody rename a file that is open, unless it was opened for that, as here.
//
// # Sinks
//
// An [Appender] appends lines, whole or not at all, and syncs them before it returns.
// [Replace] replaces a file, whole or not at all. As the functions of a delivery.Process
// they make it at-least-once from end to end: on a full disk their errors are tried
// again, and no event is acked.
package files
