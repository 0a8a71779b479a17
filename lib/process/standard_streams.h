/**
 * @file
 * Standard input, output and error of this process.
 */
#ifndef WM_PROCESS_STANDARD_STREAMS_H
#define WM_PROCESS_STANDARD_STREAMS_H

namespace wm {

/// Opens those of 0, 1 and 2 that are closed, as /dev/null: otherwise a lock or a socket would get such a
/// number, and output would go to it. False with errno.
bool open_standard_streams();
/// Redirects standard input from /dev/null, and standard output and standard error to `output`, or to
/// /dev/null if it is -1.
void redirect_standard_streams(int output);

} // namespace wm

#endif
