// The scan of push lines must agree with a plain reading of RFC 8259: what a line is, its uid and its data. A line that is taken is taken
// again, the same, with blanks around it, which moves it within the blocks of the scan. The text lies in a buffer of exactly its size, so
// that the sanitizer sees a byte read outside of it.
#include "fuzz/json_reference.h"
#include "shared/json_scan.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using fuzz::all_named;
using fuzz::Member;
using fuzz::Reference;
using fuzz::Value;

struct Meaning {
    wm::PushLine::Kind kind = wm::PushLine::Kind::kInvalid;
    std::string uid;
    std::string data;
    bool json_reply = false; // of a valid text: where an invalid one ends is the scan's

    bool operator==(const Meaning &) const = default;
};

bool has_only(const Value &object, std::string_view name, std::string_view text)
{
    auto found = all_named(object, name);
    return found.size() == 1 && found[0]->kind == Value::kString && found[0]->text && *found[0]->text == text;
}

bool is_broadcast(const Value &line)
{
    auto wms = all_named(line, "wm");
    if (line.members.size() != 2 || wms.size() != 1 || all_named(line, "data").size() != 1)
        return false;
    size_t known = 1 + has_only(*wms[0], "reply", "json");
    return has_only(*wms[0], "cmd", "broadcast") && wms[0]->members.size() == known;
}

bool is_notify_end(const Value &line)
{
    auto wms = all_named(line, "wm");
    return line.members.size() == 1 && wms.size() == 1 && has_only(*wms[0], "cmd", "notify_end") && wms[0]->members.size() == 1;
}

bool only_asks_for_json(const Value &line)
{
    auto wms = all_named(line, "wm");
    return wms.size() == 1 && has_only(*wms[0], "reply", "json") && wms[0]->members.size() == 1;
}

Meaning reference_meaning(const std::optional<Value> &line)
{
    Meaning meaning;
    if (!line || line->kind != Value::kObject)
        return meaning;
    auto wms = all_named(*line, "wm");
    meaning.json_reply = !wms.empty() && has_only(*wms[0], "reply", "json");
    if (!wms.empty() && !only_asks_for_json(*line)) {
        meaning.kind = is_broadcast(*line)    ? wm::PushLine::Kind::kBroadcast
                       : is_notify_end(*line) ? wm::PushLine::Kind::kNotifyEnd
                                              : wm::PushLine::Kind::kReserved;
        if (meaning.kind == wm::PushLine::Kind::kBroadcast)
            meaning.data = all_named(*line, "data")[0]->source;
        return meaning;
    }
    auto uids = all_named(*line, "uid");
    if (uids.size() != 1)
        return meaning;
    std::string uid;
    if (uids[0]->kind == Value::kInteger && uids[0]->source != "-0")
        uid = uids[0]->source;
    else if (uids[0]->kind == Value::kString && uids[0]->text)
        uid = *uids[0]->text;
    if (uid.empty() || uid.size() > wm::kMaxUidBytes)
        return meaning;
    meaning.kind = wm::PushLine::Kind::kPush;
    meaning.uid = uid;
    return meaning;
}

std::unique_ptr<char[]> exact_copy(std::string_view text)
{
    std::unique_ptr<char[]> copy(new char[text.size()]);
    text.copy(copy.get(), text.size());
    return copy;
}

Meaning scanned_meaning(std::string_view text, bool value_is_valid)
{
    auto copy = exact_copy(text);
    wm::UidScratch scratch;
    wm::PushLine line = wm::scan_push_line(copy.get(), text.size(), scratch);
    bool silent = line.kind == wm::PushLine::Kind::kPush || line.kind == wm::PushLine::Kind::kBroadcast;
    if (silent != (line.error == wm::ScanError::kNone) || line.offset > text.size())
        std::abort();
    // What an invalid text asks for is seen only if it was read so far: the reference does not say.
    bool json_reply = line.json_reply && value_is_valid;
    return {line.kind, std::string(line.uid), std::string(line.data), json_reply};
}

/// The uid of a login agrees with that of a line, apart from "wm", which has no meaning there.
void check_login(std::string_view text, const std::optional<Value> &value)
{
    auto copy = exact_copy(text);
    wm::UidScratch scratch;
    std::string_view uid;
    bool found = wm::scan_uid_member(copy.get(), text.size(), "uid", scratch, uid) == wm::ScanError::kNone;
    std::optional<Value> plain = value;
    if (plain)
        std::erase_if(plain->members, [](const Member &member) { return member.name && *member.name == "wm"; });
    Meaning meaning = reference_meaning(plain);
    if (found != (meaning.kind == wm::PushLine::Kind::kPush) || (found && uid != meaning.uid))
        std::abort();
}

void check_shape(std::string_view text, const std::optional<Value> &value)
{
    auto copy = exact_copy(text);
    wm::TextShape shape = wm::scan_text(copy.get(), text.size());
    if ((shape.error == wm::ScanError::kNone) != value.has_value())
        std::abort();
    if (!value)
        return;
    bool is_object = value->kind == Value::kObject;
    if (text.substr(shape.start, shape.len) != value->source || (shape.kind == wm::JsonKind::kObject) != is_object ||
        shape.empty_object != (is_object && value->members.empty()) || shape.has_uid != !all_named(*value, "uid").empty() ||
        shape.has_wm != !all_named(*value, "wm").empty())
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    std::string text(reinterpret_cast<const char *>(data), size);
    std::optional<Value> value = Reference(text).read();
    Meaning meaning = scanned_meaning(text, value.has_value());
    if (meaning != reference_meaning(value)) {
        std::fprintf(stderr, "scan says %d, the reference says %d\n", static_cast<int>(meaning.kind),
                     static_cast<int>(reference_meaning(value).kind));
        std::abort();
    }
    if (meaning != scanned_meaning(std::string(size % 17, ' ') + text + "\r\n", value.has_value()))
        std::abort();
    check_shape(text, value);
    check_login(text, value);
    return 0;
}
