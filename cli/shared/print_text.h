/**
 * @file
 * Prints what a user of the tools has asked for, such as --help. Any thread.
 */
#ifndef WM_CLI_PRINT_TEXT_H
#define WM_CLI_PRINT_TEXT_H

#include <string>

namespace wm {

/// Prints a text to standard output. False, after an error message with the program's name, if it could not be written; a closed pipe
/// is no error.
bool print_text(const char *program, const std::string &text);

} // namespace wm

#endif
