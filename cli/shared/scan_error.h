/**
 * @file
 * What can be wrong with a JSON text or with a push line, each with a sentence for people: what is wrong and what would be right.
 * Constants and static text only: any thread.
 */
#ifndef WM_CLI_SCAN_ERROR_H
#define WM_CLI_SCAN_ERROR_H

#include <cstdint>

namespace wm {

/// How many containers may stand inside each other. The stack of open containers is one bit each, on the stack of the scan.
inline constexpr unsigned kMaxDepth = 512;

/// How many bytes a uid may have, after its escapes are decoded.
inline constexpr unsigned kMaxUidBytes = 255;

// The numbers in the sentences are the two constants above; a unit test holds them together.
#define WM_SCAN_ERRORS(X)                                                                                                                  \
    X(kNone, "")                                                                                                                           \
    X(kEmpty, "there is nothing here, a JSON value such as {\"percent\":\"88%\"} is needed")                                               \
    X(kByteOrderMark, "a byte order mark stands before the text, save it as UTF-8 without one")                                            \
    X(kNotObject, "this is no JSON object, it must begin with {")                                                                          \
    X(kTruncated, "the text ends in the middle of a value, a closing \", ] or } is missing")                                               \
    X(kValueExpected, "a JSON value should stand here: a string in \"double quotes\", a number, {, [, true, false or null")                \
    X(kNameExpected, "a name in \"double quotes\" should stand here")                                                                      \
    X(kColonExpected, "a : should stand here, between a name and its value")                                                               \
    X(kCommaExpected, "a comma or the closing bracket should stand here")                                                                  \
    X(kTextBehind, "there is text behind the end of the JSON value, remove it")                                                            \
    X(kControlByte, "a control character stands in a string, write it as an escape such as \\n or \\u0009")                                \
    X(kBadUtf8, "these bytes are not UTF-8, convert the text to UTF-8 (iconv -t utf-8)")                                                   \
    X(kBadEscape, "this is no JSON escape, only \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u with four hex digits are")                       \
    X(kBadNumber, "this is no JSON number, it is written as -12, 3.5 or 1e9, without a leading zero or plus")                              \
    X(kTooDeep, "more than 512 brackets stand inside each other, flatten the value")                                                       \
    X(kUidMissing, "the object has no uid, add \"uid\":\"NAME\"")                                                                          \
    X(kUidTwice, "the object has more than one uid, leave one")                                                                            \
    X(kUidType, "the uid must be a string or an integer without fraction and exponent")                                                    \
    X(kUidMinusZero, "the uid -0 could be read as 0 or as -0, write 0 or a string")                                                        \
    X(kUidEmpty, "the uid is empty, it must have 1 to 255 bytes")                                                                          \
    X(kUidLong, "the uid is longer than 255 bytes")                                                                                        \
    X(kUidSurrogate, "the uid holds half of a surrogate pair, which is no character")                                                      \
    X(kReserved, "the name wm is reserved, only {\"wm\":{\"cmd\":\"broadcast\"},\"data\":VALUE} has a meaning in this version")

/// What was wrong; kNone is success.
enum class ScanError : uint8_t {
#define WM_SCAN_ERROR_NAME(name, text) name,
    WM_SCAN_ERRORS(WM_SCAN_ERROR_NAME)
#undef WM_SCAN_ERROR_NAME
};

/// The sentence for an error: static, no full stop, "" for kNone.
const char *scan_error_text(ScanError error);

} // namespace wm

#endif
