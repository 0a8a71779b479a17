/**
 * @file
 * Writes the JSON of both tools: strings, and objects of one level. Any thread; an object is used by one at a time.
 */
#ifndef WM_CLI_JSON_WRITE_H
#define WM_CLI_JSON_WRITE_H

#include <cstdint>
#include <string>
#include <string_view>

struct cJSON;

namespace wm {

/// Appends `text`, which is UTF-8 and may contain NUL, as a JSON string with its quotes. Escapes only what RFC 8259 §7 requires.
void append_json_string(std::string &out, std::string_view text);

/// An object of one level, printed on one line in the order of the calls. It does not check that names differ. Throws std::bad_alloc.
class JsonObject {
public:
    JsonObject();
    JsonObject(const JsonObject &) = delete;
    JsonObject &operator=(const JsonObject &) = delete;
    ~JsonObject();

    /// text is UTF-8 without NUL.
    JsonObject &add(const char *name, std::string_view text);
    JsonObject &add(const char *name, uint64_t number);
    /// Adds a value that is JSON already, byte for byte.
    JsonObject &add_json(const char *name, const std::string &json);

    std::string text() const;

private:
    JsonObject &check(const cJSON *added);

    cJSON *object_;
};

} // namespace wm

#endif
