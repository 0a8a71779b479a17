/**
 * @file
 * A child's answer to `connections`: a record for each of its connections, into the file that the master gave it. The app's thread.
 */
#ifndef WM_PROCESS_CHILD_CONNECTION_WRITER_H
#define WM_PROCESS_CHILD_CONNECTION_WRITER_H

#include "process/report/connection_report.h"

#include <vector>

namespace wm {

class App;

void write_connections(App &app, int fd);

/// What write_connections has written; empty when it is of another version of the library.
std::vector<ConnectionRecord> read_connections(int fd);

} // namespace wm

#endif
