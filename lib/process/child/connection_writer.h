/**
 * @file
 * A child's answer to `connections`: describes its connections in the master's file. The app's thread.
 */
#ifndef WM_PROCESS_CHILD_CONNECTION_WRITER_H
#define WM_PROCESS_CHILD_CONNECTION_WRITER_H

namespace wm {

class App;

/// Writes a record for each connection of the app.
void write_connections(App &app, int fd);

} // namespace wm

#endif
