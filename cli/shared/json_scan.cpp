#include "shared/json_scan.h"

#include "shared/json_string.h"
#include "shared/push_command.h"

#include <cstring>

namespace wm {

namespace {

enum class Name : uint8_t { kOther, kUid, kWm };

[[gnu::always_inline]] inline Name match_name(const char *name, size_t len)
{
    if (len == 2 && std::memcmp(name, "wm", 2) == 0)
        return Name::kWm;
    return len == 3 && std::memcmp(name, "uid", 3) == 0 ? Name::kUid : Name::kOther;
}

/// A name with escapes: "\u0075id" is uid.
[[gnu::noinline]] Name decode_name(const JsonMember &member)
{
    char decoded[3];
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
[[gnu::always_inline]] inline ScanError decode_uid(const JsonValue &value, bool has_escapes, UidScratch &scratch, std::string_view &uid)
{
    if (value.kind == JsonKind::kInteger) {
        uid = {value.data, value.len};
        if (uid == "-0")
            return ScanError::kUidMinusZero;
    } else if (value.kind != JsonKind::kString) {
        return ScanError::kUidType;
    } else if (!has_escapes) [[likely]] {
        uid = {value.data + 1, value.len - 2};
    } else {
        ScanError error = read_json_string({value.data + 1, value.len - 2}, scratch, sizeof scratch, uid);
        if (error != ScanError::kNone)
            return error;
    }
    if (uid.empty())
        return ScanError::kUidEmpty;
    return uid.size() > kMaxUidBytes ? ScanError::kUidLong : ScanError::kNone;
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

/// Checks the uids of a list: kNone, or the first error and its place.
[[gnu::noinline]] ScanError check_uids(const JsonValue &list, const char *&at)
{
    UidScratch scratch;
    std::string_view uid;
    size_t count = 0;
    ScanError error = ScanError::kNone;
    at = list.data;
    JsonReader<JsonBounds::kGuarded>(list.data, list.len).read_array([&](const JsonValue &value) {
        count++;
        ScanError wrong = error != ScanError::kNone ? error : count > kMaxUids ? ScanError::kUidsMany : read_uid(value, scratch, uid);
        if (wrong != error)
            at = value.data;
        error = wrong;
    });
    return count == 0 ? ScanError::kUidsEmpty : error;
}

/// The line of a uid.
[[gnu::always_inline]] inline void take_push(const char *text, const Members &members, PushLine &out)
{
    if (members.uids != 1) [[unlikely]] {
        bool none = members.uids == 0;
        refuse_line(out, none ? ScanError::kUidMissing : ScanError::kUidTwice, none ? 0 : static_cast<size_t>(members.uid_name - text));
        return;
    }
    out.kind = PushLine::Kind::kPush;
    out.plain = decode_uid(members.uid, members.has_escapes, out.uid_buffer, out.uid) == ScanError::kNone;
    if (!out.plain) [[unlikely]]
        read_uids(text, members.uid, out);
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

[[gnu::cold]] void refuse_line(PushLine &line, ScanError error, size_t offset)
{
    line.kind = PushLine::Kind::kInvalid;
    line.error = error;
    line.offset = offset;
}

ScanError read_uid(const JsonValue &value, UidScratch &scratch, std::string_view &uid)
{
    return decode_uid(value, true, scratch, uid);
}

void read_uids(const char *text, const JsonValue &value, PushLine &line)
{
    const char *at = value.data;
    bool is_list = value.kind == JsonKind::kArray;
    ScanError error = is_list ? check_uids(value, at) : read_uid(value, line.uid_buffer, line.uid);
    if (error != ScanError::kNone)
        refuse_line(line, error, static_cast<size_t>(at - text));
    else if (is_list)
        line.uids = {value.data, value.len};
}

void scan_push_line(const char *text, size_t len, PushLine &out)
{
    len = length_without_blanks(text, len);
    Members members;
    ReaderResult read = is_json_guarded(text, len) ? read_object<JsonBounds::kGuarded>(text, len, members)
                                                   : read_object<JsonBounds::kChecked>(text, len, members);
    if (members.wm_name != nullptr) [[unlikely]]
        read_line_with_wm(text, len, out);
    else if (read.error != ScanError::kNone) [[unlikely]]
        refuse_line(out, read.error, read.offset);
    else
        take_push(text, members, out);
}

ScanError scan_uid_member(const char *text, size_t len, std::string_view key, UidScratch &scratch, std::string_view &uid)
{
    JsonReader<JsonBounds::kChecked> reader(text, length_without_blanks(text, len));
    JsonValue value;
    unsigned found = 0;
    bool is_object = reader.read_object([&](const JsonMember &member) {
        char decoded[64];
        std::string_view name;
        if (read_json_string({member.name, member.name_len}, decoded, sizeof decoded, name) != ScanError::kNone || name != key)
            return;
        found++;
        value = member.value;
    });
    if (!is_object || !reader.at_end())
        return reader.error();
    if (found != 1)
        return found == 0 ? ScanError::kUidMissing : ScanError::kUidTwice;
    return read_uid(value, scratch, uid);
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
