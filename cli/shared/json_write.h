/**
 * @file
 * Writes the JSON of both tools: strings, and objects of one level. Any thread; an object is used by one at a time.
 */
#ifndef WM_CLI_JSON_WRITE_H
#define WM_CLI_JSON_WRITE_H

#include <cstdint>
#include <string>
#include <string_view>

namespace wm {

/// Appends `text`, which is UTF-8, as a JSON string with its quotes. Escapes only what RFC 8259 §7 requires.
void append_json_string(std::string &out, std::string_view text);

/// An object on one line, written member by member in the order of the calls. It does not check that names differ.
class JsonObject {
public:
    JsonObject &add(std::string_view name, std::string_view text);
    JsonObject &add(std::string_view name, uint64_t number);
    /// Adds a value that is JSON already, byte for byte.
    JsonObject &add_json(std::string_view name, std::string_view json);

    /// Returns the object with its braces.
    std::string text() const { return members_.empty() ? "{}" : members_ + "}"; }

private:
    void begin_member(std::string_view name);

    std::string members_; ///< the opening brace and the members so far
};

} // namespace wm

#endif
