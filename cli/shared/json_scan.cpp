#include "shared/json_scan.h"

#include "shared/json_string.h"

#include <cstring>

namespace wm {

namespace {

enum class Name : uint8_t { kOther, kUid, kWm, kData, kCmd, kReply };

[[gnu::always_inline]] inline Name match_name(const char *name, size_t len)
{
    auto is = [name](const char *word, size_t size) { return std::memcmp(name, word, size) == 0; };
    switch (len) {
    case 2:
        return is("wm", 2) ? Name::kWm : Name::kOther;
    case 3:
        return is("uid", 3) ? Name::kUid : is("cmd", 3) ? Name::kCmd : Name::kOther;
    case 4:
        return is("data", 4) ? Name::kData : Name::kOther;
    case 5:
        return is("reply", 5) ? Name::kReply : Name::kOther;
    default:
        return Name::kOther;
    }
}

/// A name with escapes: "\u0075id" is uid.
[[gnu::noinline]] Name decode_name(const JsonMember &member)
{
    char decoded[5];
    DecodedString result = decode_json_string(member.name, member.name_len, decoded, sizeof decoded);
    return result.error == ScanError::kNone ? match_name(decoded, result.len) : Name::kOther;
}

/// The name of a member; has_escapes: a string so far has a backslash.
[[gnu::always_inline]] inline Name name_of(const JsonMember &member, bool has_escapes)
{
    if (has_escapes) [[unlikely]]
        return decode_name(member);
    return match_name(member.name, member.name_len);
}

/// Reads the value of the uid into `uid`. Returns kNone or the error.
[[gnu::always_inline]] inline ScanError read_uid(const JsonValue &value, bool has_escapes, UidScratch &scratch, std::string_view &uid)
{
    if (value.kind == JsonKind::kInteger) {
        uid = {value.data, value.len};
        if (uid == "-0")
            return ScanError::kUidMinusZero;
    } else if (value.kind != JsonKind::kString) {
        return ScanError::kUidType;
    } else if (!has_escapes || std::memchr(value.data, '\\', value.len) == nullptr) [[likely]] {
        uid = {value.data + 1, value.len - 2};
    } else {
        DecodedString result = decode_json_string(value.data + 1, value.len - 2, scratch, sizeof scratch);
        if (result.error != ScanError::kNone)
            return result.error;
        uid = {scratch, result.len};
    }
    if (uid.empty())
        return ScanError::kUidEmpty;
    return uid.size() > kMaxUidBytes ? ScanError::kUidLong : ScanError::kNone;
}

/// Whether a value, which has been checked, is that string.
bool is_string(const JsonValue &value, std::string_view text)
{
    char decoded[16];
    if (value.kind != JsonKind::kString)
        return false;
    DecodedString result = decode_json_string(value.data + 1, value.len - 2, decoded, sizeof decoded);
    return result.error == ScanError::kNone && std::string_view(decoded, result.len) == text;
}

/// What the value of "wm" asks for.
struct Wm {
    bool broadcast = false;
    bool notify_end = false;
    bool json_reply = false;
    bool known = false; ///< an object, and all of its members have a meaning, once each
};

/// Reads the value of "wm", which has been checked.
Wm read_wm(const JsonValue &value)
{
    Wm wm;
    if (value.kind != JsonKind::kObject)
        return wm;
    JsonReader<JsonBounds::kGuarded> reader(value.data, value.len);
    unsigned all = 0, replies = 0, commands = 0;
    reader.read_object([&](const JsonMember &member) {
        all++;
        Name name = decode_name(member);
        if (name == Name::kCmd) {
            commands++;
            wm.broadcast = is_string(member.value, "broadcast");
            wm.notify_end = is_string(member.value, "notify_end");
        } else if (name == Name::kReply) {
            replies++;
            wm.json_reply = is_string(member.value, "json");
        }
    });
    wm.broadcast = wm.broadcast && commands == 1;
    wm.notify_end = wm.notify_end && commands == 1;
    wm.json_reply = wm.json_reply && replies == 1;
    wm.known = all == unsigned{wm.broadcast} + unsigned{wm.notify_end} + unsigned{wm.json_reply} && all > 0;
    return wm;
}

/// What the top-level members of a line tell.
struct Members {
    JsonValue uid;                  ///< of the last uid
    const char *uid_name = nullptr; ///< of the second one if there are several
    const char *wm_name = nullptr;  ///< of the first wm
    unsigned uids = 0;
    bool has_escapes = false; ///< some string has a backslash
};

[[gnu::always_inline]] inline void add_member(Members &members, Name name, const JsonMember &member)
{
    if (name == Name::kUid) {
        if (++members.uids <= 2)
            members.uid_name = member.name - 1;
        members.uid = member.value;
    } else if (name == Name::kWm && members.wm_name == nullptr) {
        members.wm_name = member.name - 1;
    }
}

struct ReaderResult {
    ScanError error;
    size_t offset;
};

/// Reads a text that must be one object and nothing else.
template <JsonBounds Bounds> ReaderResult read_object(const char *text, size_t len, Members &members)
{
    JsonReader<Bounds> reader(text, len);
    auto visit = [&](const JsonMember &member) { add_member(members, name_of(member, reader.has_escapes()), member); };
    bool is_object = reader.read_object(visit) && reader.at_end();
    members.has_escapes = reader.has_escapes();
    if (is_object) [[likely]]
        return {ScanError::kNone, 0};
    return {reader.error(), reader.offset()};
}

size_t length_without_blanks(const char *text, size_t len)
{
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t' || text[len - 1] == '\n' || text[len - 1] == '\r'))
        len--;
    return len;
}

[[gnu::cold]] PushLine invalid_line(ScanError error, size_t offset)
{
    PushLine line;
    line.error = error;
    line.offset = offset;
    return line;
}

/// The line of a uid, which members has once.
[[gnu::always_inline]] inline PushLine push_line(const char *text, const Members &members, UidScratch &scratch)
{
    if (members.uids == 0)
        return invalid_line(ScanError::kUidMissing, 0);
    if (members.uids > 1)
        return invalid_line(ScanError::kUidTwice, static_cast<size_t>(members.uid_name - text));
    std::string_view uid;
    ScanError error = read_uid(members.uid, members.has_escapes, scratch, uid);
    if (error != ScanError::kNone)
        return invalid_line(error, static_cast<size_t>(members.uid.data - text));
    return {PushLine::Kind::kPush, ScanError::kNone, false, 0, uid, {}};
}

/// Reads a line with a top-level "wm" again, up to its end or to its error.
[[gnu::noinline]] PushLine read_line_with_wm(const char *text, size_t len, UidScratch &scratch)
{
    JsonReader<JsonBounds::kChecked> reader(text, len);
    Members members;
    JsonValue wm_value, data;
    unsigned all = 0, wms = 0;
    bool is_object = reader.read_object([&](const JsonMember &member) {
        all++;
        Name name = decode_name(member);
        add_member(members, name, member);
        if (name == Name::kWm && ++wms == 1)
            wm_value = member.value;
        else if (name == Name::kData)
            data = member.value;
    });
    members.has_escapes = reader.has_escapes();
    Wm wm = read_wm(wm_value);
    PushLine line;
    if (!is_object || !reader.at_end()) {
        line = invalid_line(reader.error(), reader.offset());
    } else if (wms == 1 && wm.known && wm.broadcast && all == 2 && data.data != nullptr) {
        line.kind = PushLine::Kind::kBroadcast;
        line.data = {data.data, data.len};
    } else if (wms == 1 && wm.known && wm.notify_end && !wm.json_reply && all == 1) {
        line.kind = PushLine::Kind::kNotifyEnd;
    } else if (wms == 1 && wm.known && !wm.broadcast && !wm.notify_end) {
        line = push_line(text, members, scratch);
    } else {
        line = invalid_line(ScanError::kReserved, static_cast<size_t>(members.wm_name - text));
        line.kind = PushLine::Kind::kReserved;
    }
    line.json_reply = wms > 0 && wm.json_reply;
    return line;
}

} // namespace

const char *scan_error_text(ScanError error)
{
    static constexpr const char *kTexts[] = {
#define WM_SCAN_ERROR_TEXT(name, text) text,
        WM_SCAN_ERRORS(WM_SCAN_ERROR_TEXT)
#undef WM_SCAN_ERROR_TEXT
    };
    return kTexts[static_cast<size_t>(error)];
}

PushLine scan_push_line(const char *text, size_t len, UidScratch &scratch)
{
    len = length_without_blanks(text, len);
    Members members;
    ReaderResult read = is_json_guarded(text, len) ? read_object<JsonBounds::kGuarded>(text, len, members)
                                                   : read_object<JsonBounds::kChecked>(text, len, members);
    if (read.error != ScanError::kNone && members.wm_name == nullptr) [[unlikely]]
        return invalid_line(read.error, read.offset);
    if (members.wm_name != nullptr) [[unlikely]]
        return read_line_with_wm(text, len, scratch);
    return push_line(text, members, scratch);
}

ScanError scan_uid_member(const char *text, size_t len, std::string_view key, UidScratch &scratch, std::string_view &uid)
{
    JsonReader<JsonBounds::kChecked> reader(text, length_without_blanks(text, len));
    JsonValue value;
    unsigned found = 0;
    bool is_object = reader.read_object([&](const JsonMember &member) {
        char name[64];
        DecodedString decoded = decode_json_string(member.name, member.name_len, name, sizeof name);
        if (decoded.error != ScanError::kNone || std::string_view(name, decoded.len) != key)
            return;
        found++;
        value = member.value;
    });
    if (!is_object || !reader.at_end())
        return reader.error();
    if (found != 1)
        return found == 0 ? ScanError::kUidMissing : ScanError::kUidTwice;
    return read_uid(value, reader.has_escapes(), scratch, uid);
}

TextShape scan_text(const char *text, size_t len)
{
    TextShape shape;
    JsonReader<JsonBounds::kChecked> whole(text, length_without_blanks(text, len));
    JsonValue value;
    if (!whole.read_text_value(value) || !whole.at_end()) {
        shape.error = whole.error();
        shape.offset = whole.offset();
        return shape;
    }
    shape.kind = value.kind;
    shape.start = static_cast<size_t>(value.data - text);
    shape.len = value.len;
    if (value.kind != JsonKind::kObject)
        return shape;
    JsonReader<JsonBounds::kGuarded> reader(value.data, value.len);
    shape.empty_object = true;
    reader.read_object([&](const JsonMember &member) {
        shape.empty_object = false;
        Name name = decode_name(member);
        if (name != Name::kUid && name != Name::kWm)
            return;
        if (!shape.has_uid && !shape.has_wm)
            shape.name_offset = static_cast<size_t>(member.name - 1 - text);
        (name == Name::kUid ? shape.has_uid : shape.has_wm) = true;
    });
    return shape;
}

} // namespace wm
