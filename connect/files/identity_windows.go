package files

import (
	"io/fs"
	"os"
	"syscall"
)

const reusesIdentity = false // the index has a number that grows

// identityOf returns what tells a file from all others of the system, whatever its
// name is.
func identityOf(path string, _ fs.FileInfo) (id identity, err error) {
	file, err := openFile(path)
	if err != nil {
		return id, err
	}
	defer func() { _ = file.Close() }() // it was only looked at
	var d syscall.ByHandleFileInformation
	if err := syscall.GetFileInformationByHandle(syscall.Handle(file.Fd()), &d); err != nil {
		return id, err
	}
	id = identity{Device: uint64(d.VolumeSerialNumber), Inode: uint64(d.FileIndexHigh)<<32 | uint64(d.FileIndexLow)}
	return id, nil
}

// openFile opens path so that others may rename and remove the file meanwhile.
func openFile(path string) (*os.File, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	h, err := syscall.CreateFile(name, syscall.GENERIC_READ,
		syscall.FILE_SHARE_READ|syscall.FILE_SHARE_WRITE|syscall.FILE_SHARE_DELETE,
		nil, syscall.OPEN_EXISTING, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(h), path), nil
}

// syncDir does nothing: the system can't sync a directory.
func syncDir(string) error { return nil }
