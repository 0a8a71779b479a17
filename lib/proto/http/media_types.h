/**
 * @file
 * Media types of files by the extensions of their names. Any thread.
 */
#ifndef WM_PROTO_HTTP_MEDIA_TYPES_H
#define WM_PROTO_HTTP_MEDIA_TYPES_H

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace wm::http {

/// The type of a file of which nothing is known (RFC 2046 §4.5.1).
inline constexpr const char *kUnknownType = "application/octet-stream";
/// Bytes; a longer extension is in no table.
inline constexpr size_t kMaxExtension = 32;

/// What follows the last dot of the last component of a path; empty without a dot.
std::string_view extension_of(std::string_view path);

/// The type of an extension by a table of our own, of what web pages are made of; nullptr if it is not there. ASCII case is
/// ignored. Static.
const char *common_type(std::string_view extension);

/// The types that a text in the format of /etc/mime.types names: lines "type extension...", "#" begins a comment. text/ types get
/// ";charset=utf-8". Of two lines for one extension the first counts; what is malformed is skipped. Not changed once made.
class MediaTypes {
public:
    /// Throws std::bad_alloc.
    explicit MediaTypes(std::string_view text);

    /// nullptr if it is not there. ASCII case is ignored. Lives as long as this.
    const char *find(std::string_view extension) const;
    bool empty() const { return entries_.empty(); }

private:
    struct Entry {
        std::string extension;
        size_t type; ///< its place in types_
    };

    void take_line(std::string_view line);

    std::string types_;          ///< each ended by a NUL
    std::vector<Entry> entries_; ///< by extension
};

} // namespace wm::http

#endif
