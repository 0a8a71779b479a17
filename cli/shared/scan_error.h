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

/// Maximum number of uids in a list.
inline constexpr unsigned kMaxUids = 1000;

/// Maximum bytes of the reason in a close frame: RFC 6455 §5.5, less its code.
inline constexpr unsigned kMaxCloseText = 123;

// The messages repeat the constants above; a unit test checks that they agree.
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
    X(kUidsEmpty, "the list of uids is empty, name at least one")                                                                          \
    X(kUidsMany, "the list has more than 1000 uids, push to the others by another line")                                                   \
    X(kWmTwice, "the object has more than one wm, leave one")                                                                              \
    X(kWmForm, "wm must be an object with a \"cmd\", or beside a uid with \"reply\":\"json\", \"slow\" or \"key\"")                        \
    X(kWmMemberTwice, "wm has two members of that name, leave one")                                                                        \
    X(kReply, "the reply must be \"json\"")                                                                                                \
    X(kCmd, "the cmd must be push, broadcast, join, leave, online, kick, ticket, explain or notify_end")                                   \
    X(kPushForm, "push has the form {\"wm\":{\"cmd\":\"push\",\"group\":GROUP},\"data\":VALUE}, or a uid in place of the group")           \
    X(kBroadcastForm, "broadcast has the form {\"wm\":{\"cmd\":\"broadcast\"},\"data\":VALUE}")                                            \
    X(kJoinForm, "join has the form {\"wm\":{\"cmd\":\"join\",\"uid\":UID,\"group\":GROUP}}")                                              \
    X(kLeaveForm, "leave has the form {\"wm\":{\"cmd\":\"leave\",\"uid\":UID,\"group\":GROUP}}")                                           \
    X(kOnlineForm, "online has the form {\"wm\":{\"cmd\":\"online\",\"uid\":UID}}")                                                        \
    X(kKickForm, "kick has the form {\"wm\":{\"cmd\":\"kick\",\"uid\":UID,\"code\":4000,\"reason\":TEXT}}; code and reason are optional")  \
    X(kTicketForm, "ticket has the form {\"wm\":{\"cmd\":\"ticket\",\"uid\":UID}}, with one uid")                                          \
    X(kExplainForm, "explain has the form {\"wm\":{\"cmd\":\"explain\"}}")                                                                 \
    X(kNotifyEndForm, "notify_end has the form {\"wm\":{\"cmd\":\"notify_end\"}}")                                                         \
    X(kGroupForm, "the group must be a string of 1 to 255 bytes, or an integer")                                                           \
    X(kExceptForm, "except must be one uid, a string of 1 to 255 bytes or an integer")                                                     \
    X(kSlowForm, "slow must be \"close\" or \"drop_oldest\"; to keep the latest message alone, write \"key\":\"percent\" in its place")    \
    X(kKeyForm, "the key must be a string of 1 to 255 bytes, or an integer")                                                               \
    X(kKeyBesideSlow, "a key says that the latest message of it is kept, so leave out slow: {\"key\":\"percent\"}")                        \
    X(kCodeForm, "the code must be an integer: 1000 to 1003, 1007 to 1014, or 3000 to 4999")                                               \
    X(kReasonForm, "the reason must be a string of at most 123 bytes")

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
