/**
 * @file
 * Writes a JSON string. Beside cJSON, which takes its strings NUL-terminated and allocates for each. Pure function: any thread.
 */
#ifndef WM_CLI_JSON_WRITE_H
#define WM_CLI_JSON_WRITE_H

#include <string>
#include <string_view>

namespace wm {

/// Appends text, which is UTF-8, as a JSON string with its quotes. Only what RFC 8259 §7 demands is escaped.
void append_json_string(std::string &out, std::string_view text);

} // namespace wm

#endif
