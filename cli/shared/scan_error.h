/**
 * @file
 * The errors of a JSON text or push line, each with a message that names the mistake and the remedy. Any thread.
 */
#ifndef WM_CLI_SCAN_ERROR_H
#define WM_CLI_SCAN_ERROR_H

#include <cstdint>

namespace wm {

/// Maximum nesting of containers. The scan keeps one bit for each open container on its stack.
inline constexpr unsigned kMaxDepth = 512;

/// Maximum bytes of a uid after its escapes are decoded.
inline constexpr unsigned kMaxUidBytes = 255;

// The messages repeat the two constants above; a unit test checks that they agree.
#define WM_SCAN_ERRORS(X)                                                                                                                  \
    X(kNone, "")                                                                                                                           \
    X(kEmpty, "the text is empty, expected a JSON value such as {\"percent\":\"88%\"}")                                                    \
    X(kByteOrderMark, "the text begins with a byte order mark, save it as UTF-8 without one")                                              \
    X(kNotObject, "not a JSON object, it must begin with {")                                                                               \
    X(kTruncated, "the text ends in the middle of a value, a closing \", ] or } is missing")                                               \
    X(kValueExpected, "expected a JSON value: a string in \"double quotes\", a number, {, [, true, false or null")                         \
    X(kNameExpected, "expected a name in \"double quotes\"")                                                                               \
    X(kColonExpected, "expected a : between the name and its value")                                                                       \
    X(kCommaExpected, "expected a comma or a closing bracket")                                                                             \
    X(kTextBehind, "text after the end of the JSON value, remove it")                                                                      \
    X(kControlByte, "control character in a string, write it as an escape such as \\n or \\u0009")                                         \
    X(kBadUtf8, "invalid UTF-8, convert the text to UTF-8 (iconv -t utf-8)")                                                               \
    X(kBadEscape, "invalid escape, expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t or \\u with four hex digits")                         \
    X(kBadNumber, "invalid number, write it as -12, 3.5 or 1e9, without a leading zero or plus")                                           \
    X(kTooDeep, "more than 512 levels of nesting, flatten the value")                                                                      \
    X(kUidMissing, "the object has no uid, add \"uid\":\"NAME\"")                                                                          \
    X(kUidTwice, "the object has more than one uid, leave one")                                                                            \
    X(kUidType, "the uid must be a string, or an integer without fraction or exponent")                                                    \
    X(kUidMinusZero, "the uid -0 could be read as 0 or as -0, write 0 or a string")                                                        \
    X(kUidEmpty, "the uid is empty, it must have 1 to 255 bytes")                                                                          \
    X(kUidLong, "the uid is longer than 255 bytes")                                                                                        \
    X(kUidSurrogate, "the uid contains an unpaired surrogate")                                                                             \
    X(kReserved,                                                                                                                           \
      "the name wm is reserved, it takes {\"wm\":{\"cmd\":\"broadcast\"},\"data\":VALUE} or \"wm\":{\"reply\":\"json\"} beside a uid")

/// kNone is success.
enum class ScanError : uint8_t {
#define WM_SCAN_ERROR_NAME(name, text) name,
    WM_SCAN_ERRORS(WM_SCAN_ERROR_NAME)
#undef WM_SCAN_ERROR_NAME
};

/// The message of an error: static text without a full stop, "" for kNone.
const char *scan_error_text(ScanError error);

} // namespace wm

#endif
