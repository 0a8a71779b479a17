/**
 * @file
 * Standard input, output and error of this process.
 */
#ifndef WM_PROCESS_STANDARD_STREAMS_H
#define WM_PROCESS_STANDARD_STREAMS_H

namespace wm {

/// Has 0, 1 and 2 be open, as /dev/null where they are not: else a lock or a socket would get such a number, and be written to and
/// replaced. False with errno.
bool open_standard();
/// Has standard input read nothing, and standard output and standard error go to `output`, when it is not -1.
void redirect_standard(int output);

} // namespace wm

#endif
