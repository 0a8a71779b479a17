/**
 * @file
 * The header lines of a part of multipart/form-data: its name, and that of its file (RFC 7578 §4.2). Pure, any thread.
 */
#ifndef WM_PROTO_HTTP_DISPOSITION_H
#define WM_PROTO_HTTP_DISPOSITION_H

#include <cstddef>
#include <string_view>

namespace wm::http {

/// Of a part: slices of its header lines. nullptr as data(): the part has none.
struct PartHead {
    std::string_view fields; ///< the lines, each with its CRLF
    std::string_view type;   ///< the value of Content-Type
    std::string_view name;   ///< raw: a quoted string with its quotes; never nullptr
    std::string_view filename;
    std::string_view filename_ext; ///< of filename*, which counts in place of filename (RFC 6266 §4.3)

    bool is_file() const { return filename.data() || filename_ext.data(); }
    /// At least the bytes of the decoded name and filename.
    size_t text_size() const { return name.size() + filename.size() + filename_ext.size(); }
};

/// Reads validated header lines: nullptr, or an error text (static).
const char *read_part_head(std::string_view fields, PartHead &out);

/// Write the decoded name, or that of the file: never more bytes than are raw. Return where they end. In a quoted string "\"" and "\\", and
/// the "%22" of browsers, become what they stand for. Any other backslash is one, and other percent signs are, too: "C:\new 5%.txt".
char *decode_part_name(char *out, const PartHead &part);
char *decode_part_filename(char *out, const PartHead &part);

} // namespace wm::http

#endif
