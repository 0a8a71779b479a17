/**
 * @file
 * The strict scan of JSON that the push server and wm-push stand on: what a line of the inner port means, and what a body is.
 *
 * Strict RFC 8259, one text and nothing behind it, UTF-8 checked, at most kMaxDepth containers inside each other. The text is borrowed
 * and never written; every slice points into it, or into the scratch that the caller brings. Nothing is allocated. Any thread.
 */
#ifndef WM_CLI_JSON_SCAN_H
#define WM_CLI_JSON_SCAN_H

#include "shared/json_reader.h"
#include "shared/scan_error.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm {

/// Room for a uid whose escapes had to be decoded.
using UidScratch = char[kMaxUidBytes];

/// What a line of the inner port, or the body of a POST /push, means.
struct PushLine {
    enum class Kind : uint8_t {
        kInvalid,   ///< not a JSON object with exactly one good uid; error and offset say why
        kPush,      ///< the whole line goes to the pages of `uid`
        kBroadcast, ///< `data` goes to every page
        kReserved,  ///< a top-level "wm" that is no broadcast; error is kReserved, offset is its place
    };
    Kind kind = Kind::kInvalid;
    ScanError error = ScanError::kNone;
    size_t offset = 0;     ///< of the error, in bytes from the start of the line
    std::string_view uid;  ///< decoded, 1 to 255 bytes of UTF-8 (NUL is a byte like any other); may lie in the scratch
    std::string_view data; ///< the broadcast's VALUE, byte for byte, without blanks around it

    /// Why the line is kInvalid or kReserved: a static sentence.
    const char *reason() const { return scan_error_text(error); }
};

/// Reads one line. `line` has no LF at its end; blanks around the object are allowed.
/// A name may be spelled with escapes. An integer uid means its digits as they are written. A uid in an object with "wm" is not looked at.
PushLine scan_push_line(const char *line, size_t len, UidScratch &scratch);

/// What a JSON text is.
struct TextShape {
    ScanError error = ScanError::kNone; ///< kNone: it is JSON
    size_t offset = 0;                  ///< of the error
    JsonKind kind = JsonKind::kLiteral;
    size_t start = 0; ///< where the value begins; of an object: its brace
    size_t len = 0;   ///< how long it is without the blanks around it
    bool empty_object = false;
    bool has_uid = false; ///< an object with a top-level uid of any kind
    bool has_wm = false;
    size_t name_offset = 0; ///< where the first such name stands
};

/// Says what a text of any kind is.
TextShape scan_text(const char *text, size_t len);

} // namespace wm

#endif
