// The scan of push lines must agree with a plain reading of RFC 8259, written here without any of its tricks: what a line is, its uid
// and its data. A line that is taken is taken again, the same, with blanks around it, which moves it within the blocks of the scan.
// The text lies in a buffer of exactly its size, so that the sanitizer sees a byte read outside of it.
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

struct Member;

struct Value {
    enum Kind { kObject, kArray, kString, kInteger, kOther } kind = kOther;
    std::string source;
    std::optional<std::string> text; // of a string; none if it holds half of a surrogate pair
    std::vector<Member> members;
};

struct Member {
    std::optional<std::string> name;
    Value value;
};

class Reference {
public:
    explicit Reference(std::string_view text) : text_(text) {}

    std::optional<Value> read()
    {
        Value value;
        blanks();
        if (!read_value(value, 0))
            return std::nullopt;
        blanks();
        if (at_ != text_.size())
            return std::nullopt;
        return value;
    }

private:
    int peek() const { return at_ < text_.size() ? static_cast<unsigned char>(text_[at_]) : -1; }

    bool take(int c)
    {
        if (peek() != c)
            return false;
        at_++;
        return true;
    }

    bool take_word(std::string_view word)
    {
        if (text_.substr(at_, word.size()) != word)
            return false;
        at_ += word.size();
        return true;
    }

    void blanks()
    {
        while (take(' ') || take('\t') || take('\n') || take('\r')) {
        }
    }

    bool read_value(Value &value, unsigned depth)
    {
        size_t start = at_;
        bool good = false;
        switch (peek()) {
        case '{':
            value.kind = Value::kObject;
            good = depth < wm::kMaxDepth && read_object(value, depth + 1);
            break;
        case '[':
            value.kind = Value::kArray;
            good = depth < wm::kMaxDepth && read_array(depth + 1);
            break;
        case '"':
            value.kind = Value::kString;
            good = read_string(value.text);
            break;
        default:
            good = take_word("true") || take_word("false") || take_word("null") || read_number(value);
        }
        value.source = text_.substr(start, at_ - start);
        return good;
    }

    bool read_object(Value &object, unsigned depth)
    {
        take('{');
        blanks();
        if (take('}'))
            return true;
        do {
            blanks();
            Member member;
            if (!read_string(member.name))
                return false;
            blanks();
            if (!take(':'))
                return false;
            blanks();
            if (!read_value(member.value, depth))
                return false;
            object.members.push_back(std::move(member));
            blanks();
        } while (take(','));
        return take('}');
    }

    bool read_array(unsigned depth)
    {
        take('[');
        blanks();
        if (take(']'))
            return true;
        do {
            blanks();
            Value ignored;
            if (!read_value(ignored, depth))
                return false;
            blanks();
        } while (take(','));
        return take(']');
    }

    bool read_digits()
    {
        size_t start = at_;
        while (peek() >= '0' && peek() <= '9')
            at_++;
        return at_ > start;
    }

    bool read_number(Value &value)
    {
        value.kind = Value::kInteger;
        take('-');
        if (!take('0') && !(peek() >= '1' && peek() <= '9' && read_digits()))
            return false;
        if (take('.')) {
            value.kind = Value::kOther;
            if (!read_digits())
                return false;
        }
        if (take('e') || take('E')) {
            value.kind = Value::kOther;
            if (!take('+'))
                take('-');
            return read_digits();
        }
        return true;
    }

    bool read_hex(uint32_t &unit)
    {
        unit = 0;
        for (int i = 0; i < 4; ++i, ++at_) {
            int c = peek();
            if (c >= '0' && c <= '9')
                unit = unit * 16 + static_cast<uint32_t>(c - '0');
            else if (c >= 'a' && c <= 'f')
                unit = unit * 16 + static_cast<uint32_t>(c - 'a' + 10);
            else if (c >= 'A' && c <= 'F')
                unit = unit * 16 + static_cast<uint32_t>(c - 'A' + 10);
            else
                return false;
        }
        return true;
    }

    // Code points first, so that pairs and overlong forms are a matter of numbers.
    bool read_string(std::optional<std::string> &out)
    {
        if (!take('"'))
            return false;
        std::vector<uint32_t> codes;
        while (!take('"')) {
            uint32_t code = 0;
            if (take('\\') ? !read_escape(code) : !read_character(code))
                return false;
            if (code >= 0xdc00 && code < 0xe000 && !codes.empty() && codes.back() >= 0xd800 && codes.back() < 0xdc00)
                codes.back() = 0x10000 + (codes.back() - 0xd800) * 0x400 + (code - 0xdc00);
            else
                codes.push_back(code);
        }
        out = std::string();
        for (uint32_t code : codes) {
            if (code >= 0xd800 && code < 0xe000) {
                out.reset();
                break;
            }
            append(code, *out);
        }
        return true;
    }

    bool read_escape(uint32_t &code)
    {
        int c = peek();
        at_++;
        switch (c) {
        case 'u':
            return read_hex(code);
        case 'b':
            code = 8;
            return true;
        case 'f':
            code = 12;
            return true;
        case 'n':
            code = 10;
            return true;
        case 'r':
            code = 13;
            return true;
        case 't':
            code = 9;
            return true;
        default:
            code = static_cast<uint32_t>(c);
            return c == '"' || c == '\\' || c == '/';
        }
    }

    bool read_character(uint32_t &code)
    {
        int lead = peek();
        at_++;
        if (lead < 0x20)
            return false;
        code = static_cast<uint32_t>(lead);
        if (lead < 0x80)
            return true;
        int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
        if (lead < 0xc0 || lead > 0xf7)
            return false;
        code = static_cast<uint32_t>(lead) & (0x3fu >> more);
        for (int i = 0; i < more; ++i, ++at_) {
            if (peek() < 0x80 || peek() > 0xbf)
                return false;
            code = code * 64 + (static_cast<uint32_t>(peek()) & 0x3f);
        }
        uint32_t least = more == 3 ? 0x10000 : more == 2 ? 0x800 : 0x80;
        return code >= least && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    }

    static void append(uint32_t code, std::string &out)
    {
        int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
        const uint32_t marks[] = {0, 0xc0, 0xe0, 0xf0};
        out.push_back(static_cast<char>(marks[more] | code >> (6 * more)));
        for (int i = more - 1; i >= 0; i--)
            out.push_back(static_cast<char>(0x80 | (code >> (6 * i) & 0x3f)));
    }

    std::string_view text_;
    size_t at_ = 0;
};

struct Meaning {
    wm::PushLine::Kind kind = wm::PushLine::Kind::kInvalid;
    std::string uid;
    std::string data;
    bool json_reply = false; // of a valid text: where an invalid one ends is the scan's

    bool operator==(const Meaning &) const = default;
};

std::vector<const Value *> all_named(const Value &object, std::string_view name)
{
    std::vector<const Value *> found;
    for (const Member &member : object.members) {
        if (member.name && *member.name == name)
            found.push_back(&member.value);
    }
    return found;
}

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
