/**
 * @file
 * The certificates, keys and ticket keys of one worker, as the master hands them to a child: a file in memory that nobody can change, and
 * that no path leads to. The descriptor is all that the child needs, as any user. Any thread.
 */
#ifndef WM_PROCESS_KEY_FILE_H
#define WM_PROCESS_KEY_FILE_H

#include "core/fd.h"
#include "net/tls/ticket_keys.h"
#include "net/tls/tls_bundle.h"

namespace wm {

/// Close-on-exec, sealed. Not open, with errno.
Fd make_key_file(const TicketKeys &tickets, const TlsBundle &bundle);

/// False: it is no such file, or cannot be read. The caller overwrites the tickets.
bool read_key_file(int fd, TicketKeys &tickets, TlsBundle &bundle);

} // namespace wm

#endif
