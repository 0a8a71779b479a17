/**
 * @file
 * A plain reading of RFC 8259, without any of the tricks of the scans that are compared with it.
 */
#ifndef FUZZ_JSON_REFERENCE_H
#define FUZZ_JSON_REFERENCE_H

#include "shared/scan_error.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fuzz {

struct Member;

struct Value {
    enum Kind { kObject, kArray, kString, kInteger, kOther } kind = kOther;
    std::string source;
    std::optional<std::string> text; // of a string; none if it holds half of a surrogate pair
    std::vector<Member> members;
    std::vector<Value> elements;
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
            good = depth < wm::kMaxDepth && read_array(value, depth + 1);
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

    bool read_array(Value &array, unsigned depth)
    {
        take('[');
        blanks();
        if (take(']'))
            return true;
        do {
            blanks();
            Value element;
            if (!read_value(element, depth))
                return false;
            array.elements.push_back(std::move(element));
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

inline std::vector<const Value *> all_named(const Value &object, std::string_view name)
{
    std::vector<const Value *> found;
    for (const Member &member : object.members) {
        if (member.name && *member.name == name)
            found.push_back(&member.value);
    }
    return found;
}

} // namespace fuzz

#endif
