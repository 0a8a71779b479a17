/**
 * @file
 * Opens a file by a path that a peer has named, so that it cannot lead out of a directory. Any thread.
 */
#ifndef WM_CORE_OPEN_BENEATH_H
#define WM_CORE_OPEN_BENEATH_H

#include "core/fd.h"

#include <sys/stat.h>

namespace wm {

/// Opens for reading what is at a path beneath a directory, with its status. Links are followed while they stay beneath it; one that
/// leaves it, as ".." would, is EXDEV. Never waits, whatever is there: a FIFO without a writer, a device. Not open, with errno.
///
/// Without openat2(2), which is found out once a process, it opens one directory of the path after the other. It follows no link then
/// (ELOOP), and takes "name/.." out of the path without a look at that name.
Fd open_beneath(int directory, const char *path, struct stat &status);

} // namespace wm

#endif
