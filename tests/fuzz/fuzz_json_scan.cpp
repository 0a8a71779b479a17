// The scan of push lines must agree with a plain reading of RFC 8259: what a line is, and what is in it. A line that is taken is taken
// again, the same, with blanks around it, which moves it within the blocks of the scan. The text lies in a buffer of exactly its size, so
// that the sanitizer sees a byte read outside of it.
#include "fuzz/json_reference.h"
#include "shared/inner_proof.h"
#include "shared/json_scan.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
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

using Kind = wm::PushLine::Kind;
using Slow = wm::PushLine::Slow;

struct Meaning {
    Kind kind = Kind::kInvalid;
    std::string uid;
    std::vector<std::string> uids;
    std::string group;
    std::string except;
    std::string key;
    std::string text;
    std::string data;
    int32_t code = 0;
    Slow slow = Slow::kDefault;
    bool plain = false;
    bool json_reply = false; // of a valid text: where an invalid one ends is the scan's

    bool operator==(const Meaning &) const = default;
};

/// The only member of that name.
const Value *the(const Value &object, std::string_view name)
{
    auto found = all_named(object, name);
    return found.size() == 1 ? found[0] : nullptr;
}

bool is_text(const Value *value, std::string_view text)
{
    return value != nullptr && value->kind == Value::kString && value->text == text;
}

/// A uid or a group.
bool read_name(const Value &value, std::string &name)
{
    if (value.kind == Value::kInteger && value.source != "-0")
        name = value.source;
    else if (value.kind == Value::kString && value.text)
        name = *value.text;
    else
        return false;
    return !name.empty() && name.size() <= wm::kMaxUidBytes;
}

bool read_uids(const Value &value, Meaning &meaning)
{
    if (value.source.front() != '[')
        return read_name(value, meaning.uid);
    for (const Value &element : value.elements) {
        meaning.uids.emplace_back();
        if (!read_name(element, meaning.uids.back()))
            return false;
    }
    return !meaning.uids.empty() && meaning.uids.size() <= wm::kMaxUids;
}

bool read_code(const Value &value, Meaning &meaning)
{
    if (value.kind != Value::kInteger || value.source.size() > 5)
        return false;
    meaning.code = std::stoi(value.source);
    bool known = meaning.code > 999 && meaning.code < 1015 && meaning.code != 1004 && meaning.code != 1005 && meaning.code != 1006;
    return known || (meaning.code >= 3000 && meaning.code <= 4999);
}

bool read_reason(const Value &value, Meaning &meaning)
{
    if (value.kind != Value::kString || !value.text || value.text->size() > wm::kMaxCloseText)
        return false;
    meaning.text = *value.text;
    return true;
}

/// What happens at a page that reads too slowly: one of the two, or neither.
bool read_slow(const Value &wm, Meaning &meaning)
{
    const Value *slow = the(wm, "slow"), *key = the(wm, "key");
    if (slow != nullptr)
        meaning.slow = is_text(slow, "close") ? Slow::kClose : is_text(slow, "drop_oldest") ? Slow::kDropOldest : Slow::kDefault;
    return slow == nullptr ? key == nullptr || read_name(*key, meaning.key) : key == nullptr && meaning.slow != Slow::kDefault;
}

struct Form {
    std::string_view cmd;
    Kind kind;
    std::vector<std::string_view> needs;
    std::vector<std::string_view> may;
    bool has_data;
};

const std::vector<Form> kForms = {
    {"push", Kind::kPush, {"uid"}, {"reply", "slow", "key"}, true},
    {"push", Kind::kGroup, {"group"}, {"reply", "slow", "key", "except"}, true},
    {"broadcast", Kind::kBroadcast, {}, {"reply", "slow", "key"}, true},
    {"join", Kind::kJoin, {"uid", "group"}, {"reply"}, false},
    {"leave", Kind::kLeave, {"uid", "group"}, {"reply"}, false},
    {"online", Kind::kOnline, {"uid"}, {"reply"}, false},
    {"kick", Kind::kKick, {"uid"}, {"reply", "code", "reason"}, false},
    {"ticket", Kind::kTicket, {"uid"}, {"reply"}, false},
    {"explain", Kind::kExplain, {}, {}, false},
    {"notify_end", Kind::kNotifyEnd, {}, {}, false},
};

/// Whether each member has one of these names, and no other has the same.
bool has_only(const Value &object, std::vector<std::string_view> names)
{
    return std::all_of(object.members.begin(), object.members.end(), [&](const Member &member) {
        return member.name && std::count(names.begin(), names.end(), *member.name) > 0 && the(object, *member.name) != nullptr;
    });
}

bool is_of(const Form &form, const Value &line, const Value &wm)
{
    std::vector<std::string_view> names = form.may;
    names.insert(names.end(), form.needs.begin(), form.needs.end());
    names.push_back("cmd");
    auto has = [](const Value &object) { return [&object](std::string_view name) { return the(object, name) != nullptr; }; };
    return is_text(the(wm, "cmd"), form.cmd) && has_only(wm, names) && std::all_of(form.needs.begin(), form.needs.end(), has(wm)) &&
           has_only(line, {"wm", "data"}) && has(line)("data") == form.has_data;
}

bool read_command(const Value &line, const Value &wm, Meaning &meaning)
{
    auto form = std::find_if(kForms.begin(), kForms.end(), [&](const Form &candidate) { return is_of(candidate, line, wm); });
    if (form == kForms.end() || (the(wm, "reply") != nullptr && !meaning.json_reply))
        return false;
    meaning.kind = form->kind;
    if (form->has_data)
        meaning.data = the(line, "data")->source;
    const Value *uid = the(wm, "uid"), *group = the(wm, "group"), *except = the(wm, "except"), *code = the(wm, "code");
    const Value *reason = the(wm, "reason");
    bool one = form->kind != Kind::kTicket || uid->kind != Value::kArray;
    return one && (uid == nullptr || read_uids(*uid, meaning)) && (group == nullptr || read_name(*group, meaning.group)) &&
           (except == nullptr || read_name(*except, meaning.except)) && (code == nullptr || read_code(*code, meaning)) &&
           (reason == nullptr || read_reason(*reason, meaning)) && read_slow(wm, meaning);
}

bool read_line(const Value &line, Meaning &meaning)
{
    if (line.kind != Value::kObject)
        return false;
    auto wms = all_named(line, "wm");
    meaning.json_reply = !wms.empty() && is_text(the(*wms[0], "reply"), "json");
    if (wms.size() > 1)
        return false;
    if (!wms.empty() && !all_named(*wms[0], "cmd").empty())
        return read_command(line, *wms[0], meaning);
    bool no_wish = !wms.empty() && (wms[0]->members.empty() || !has_only(*wms[0], {"reply", "slow", "key"}));
    if (no_wish || (!wms.empty() && !all_named(*wms[0], "reply").empty() && !meaning.json_reply))
        return false;
    const Value *uid = the(line, "uid");
    meaning.kind = Kind::kPush;
    meaning.plain = wms.empty() && uid != nullptr && uid->source.front() != '[';
    return uid != nullptr && read_uids(*uid, meaning) && (wms.empty() || read_slow(*wms[0], meaning));
}

Meaning reference_meaning(const std::optional<Value> &line)
{
    Meaning meaning, invalid;
    if (!line || read_line(*line, meaning))
        return meaning;
    invalid.json_reply = meaning.json_reply;
    return invalid;
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
    wm::PushLine line;
    wm::scan_push_line(copy.get(), text.size(), line);
    if ((line.kind != Kind::kInvalid) != (line.error == wm::ScanError::kNone) || line.offset > text.size())
        std::abort();
    Meaning meaning;
    // What an invalid text asks for is seen only if it was read so far: the reference does not say.
    meaning.json_reply = line.json_reply && value_is_valid;
    if (line.kind == Kind::kInvalid)
        return meaning;
    meaning.kind = line.kind;
    meaning.plain = line.plain;
    meaning.uid = line.uid;
    meaning.group = line.group;
    meaning.except = line.except;
    meaning.key = line.key;
    meaning.slow = line.slow;
    meaning.text = line.text;
    meaning.data = line.data;
    meaning.code = line.code;
    if (!line.uids.empty())
        wm::each_uid(line.uids, [&](std::string_view uid) { meaning.uids.emplace_back(uid); });
    return meaning;
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
    if (found != meaning.plain || (found && uid != meaning.uid))
        std::abort();
}

/// The digits of a line of auth, nothing where it is none.
std::string reference_digits(std::string_view text, const std::optional<Value> &line, std::string_view name)
{
    if (!line || line->kind != Value::kObject || line->members.size() != 1 || text.find('\\') != text.npos)
        return "";
    auto wms = all_named(*line, "wm");
    if (wms.size() != 1 || wms[0]->members.size() != 2 || !is_text(the(*wms[0], "cmd"), "auth"))
        return "";
    auto found = all_named(*wms[0], name);
    bool is_digits = found.size() == 1 && found[0]->text && found[0]->text->size() == wm::kProofDigits &&
                     found[0]->text->find_first_not_of("0123456789abcdef") == std::string::npos;
    return is_digits ? *found[0]->text : "";
}

void check_auth(std::string_view text, const std::optional<Value> &value)
{
    auto copy = exact_copy(text);
    wm::AuthLine line = wm::read_auth_line({copy.get(), text.size()});
    if (line.nonce != reference_digits(text, value, "nonce") || line.mac != reference_digits(text, value, "mac"))
        std::abort();
    std::string answer = "ok " + std::string(text);
    wm::read_auth_answer(answer, "nonce");
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

/// A line with "wm", of a member for each byte: first those inside it, behind a 255 those beside it. Most are nearly commands.
std::string assembled(const uint8_t *data, size_t size)
{
    static constexpr std::string_view kNames[] = {"cmd", "uid", "group", "except", "code", "reason", "reply", "data", "c\\u006dd", "x"};
    static constexpr std::string_view kValues[] = {"\"push\"",
                                                   "\"broadcast\"",
                                                   "\"join\"",
                                                   "\"leave\"",
                                                   "\"online\"",
                                                   "\"kick\"",
                                                   "\"explain\"",
                                                   "\"notify_end\"",
                                                   "\"json\"",
                                                   "\"a\"",
                                                   "\"\\u0061\\n\"",
                                                   "4000",
                                                   "1005",
                                                   "[\"a\",1,\"a\"]",
                                                   "[\"\\u0061\",\"\"]",
                                                   "[]",
                                                   "-0",
                                                   "\"\\ud800\"",
                                                   "null",
                                                   "\"\"",
                                                   "{}",
                                                   "7",
                                                   "1.5",
                                                   "[[1]]",
                                                   "true"};
    std::string text = "{\"wm\":{", end = "}}";
    bool first = true;
    for (size_t i = 0; i < size; i++) {
        if (data[i] == 255 && end.size() == 2) {
            text += '}';
            end = "}";
            first = false;
            continue;
        }
        text += first ? "\"" : ",\"";
        text += kNames[data[i] % std::size(kNames)];
        text += "\":";
        text += kValues[data[i] / std::size(kNames) % std::size(kValues)];
        first = false;
    }
    return text + end;
}

void check(const std::string &text, size_t blanks)
{
    std::optional<Value> value = Reference(text).read();
    Meaning meaning = scanned_meaning(text, value.has_value());
    if (meaning != reference_meaning(value)) {
        std::fprintf(stderr, "scan says %d, the reference says %d\n%s\n", static_cast<int>(meaning.kind),
                     static_cast<int>(reference_meaning(value).kind), text.c_str());
        std::abort();
    }
    if (meaning != scanned_meaning(std::string(blanks, ' ') + text + "\r\n", value.has_value()))
        std::abort();
    check_shape(text, value);
    check_login(text, value);
    check_auth(text, value);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    std::string text(reinterpret_cast<const char *>(data), size);
    check(text, size % 17);
    check(assembled(data, size), size % 17);
    return 0;
}
