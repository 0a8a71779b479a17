/**
 * @file
 * The two parts of the scan of a push line: json_scan.cpp reads what is hot, push_command.cpp lines with a top-level "wm", with the forms
 * of their commands. This is what each takes from the other; the rules are those of json_scan.h.
 */
#ifndef WM_CLI_PUSH_COMMAND_H
#define WM_CLI_PUSH_COMMAND_H

#include "shared/json_scan.h"

#include <cstddef>

namespace wm {

/// Reads a line with a "wm", without blanks behind it, up to its end or to its error.
void read_line_with_wm(const char *text, size_t len, PushLine &out);

void refuse_line(PushLine &line, ScanError error, size_t offset);

/// Reads the value of a uid, or a list of them, into the line; or refuses it.
void read_uids(const char *text, const JsonValue &value, PushLine &line);

} // namespace wm

#endif
