/**
 * @file
 * The Range field (RFC 9110 §14): which bytes of a representation an answer has. Pure, any thread.
 */
#ifndef WM_PROTO_HTTP_BYTE_RANGE_H
#define WM_PROTO_HTTP_BYTE_RANGE_H

#include <cstdint>
#include <string_view>

namespace wm::http {

struct ByteRange {
    uint64_t offset;
    uint64_t length; ///< at least 1
};

enum class RangeOutcome {
    kWhole,         ///< no range, or one that the recipient has to, or may ignore: an answer with all bytes
    kPart,          ///< 206
    kUnsatisfiable, ///< 416
};

/**
 * The outcome of a Range field's value for a representation of that size.
 *
 * One range of bytes is kPart. Several are kPart where, in their order, each meets or overlaps what those before it cover, and so
 * make one range (RFC 9110 §15.3.7.2). Several that lie apart are kWhole, as a server is free to do (§14.2): multipart/byteranges
 * is asked for by next to nobody, and repeated small ranges have been the means to have a server send many times what a file
 * has. A syntax error, another unit than bytes, and any range of nothing (size 0) are kWhole too.
 */
RangeOutcome parse_range(std::string_view value, uint64_t size, ByteRange &out);

} // namespace wm::http

#endif
