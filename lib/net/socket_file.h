/**
 * @file
 * The file of a unix socket, which other users may replace where the directory is theirs. Any thread.
 */
#ifndef WM_NET_SOCKET_FILE_H
#define WM_NET_SOCKET_FILE_H

#include "core/file_at.h"

#include <string>

namespace wm {

/// bind(2) in the directory that `file` has open, wherever its path leads by now. The socket's own address is then one below /proc,
/// so this is for sockets whose peers do not ask for it.
bool bind_socket(int fd, const FileAt &file);

/// Sets the mode of the socket that this process has just bound there. bind(2) applies the umask, but never widens
/// the mode that the unbound socket has (fchmod). Of no file, with errno, if it is no longer there.
FileIdentity set_socket_mode(const FileAt &file, mode_t mode);

/// Makes that user its owner if it is still that socket. False with errno.
bool give_socket(const FileAt &file, const FileIdentity &ours, uid_t uid, gid_t gid);

/// Removes it if it is a socket.
void remove_socket(const FileAt &file);

} // namespace wm

#endif
