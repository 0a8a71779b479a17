/**
 * @file
 * A strict RFC 8259 reader of one text in memory: it iterates over the members of an object and skips their values, checking every
 * byte. It does not allocate or recurse and never reads outside the text, which the caller owns. The functions are in the header so
 * that the compiler inlines them: the scan of a push line is hot. One reader per text; one thread.
 *
 * A text whose last byte is a closing bracket guards itself: only a bracket can be the last token, so a kGuarded reader checks for
 * the end of the text only inside strings and after brackets. All other texts need a kChecked reader.
 */
#ifndef WM_CLI_JSON_READER_H
#define WM_CLI_JSON_READER_H

#include "shared/scan_error.h"
#include "shared/string_stop.h"
#include "shared/utf8.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace wm {

enum class JsonKind : uint8_t { kObject, kArray, kString, kInteger, kNumber, kLiteral };

/// A value in the text, from its first to its last byte (a string with its quotes).
struct JsonValue {
    const char *data = nullptr;
    size_t len = 0;
    JsonKind kind = JsonKind::kLiteral;
};

struct JsonMember {
    const char *name = nullptr; ///< without the quotes, escapes not decoded
    size_t name_len = 0;
    JsonValue value;
};

enum class JsonBounds : uint8_t { kChecked, kGuarded };

/// Whether a text without trailing blanks may be read by a kGuarded reader.
inline bool is_json_guarded(const char *data, size_t len)
{
    return len > 0 && (data[len - 1] == '}' || data[len - 1] == ']');
}

template <JsonBounds Bounds> class JsonReader {
public:
    JsonReader(const char *data, size_t len)
        : begin_(data), end_(data + len), at_(data), stops_(data, data + len - (Bounds == JsonBounds::kGuarded))
    {}

    /// Reads a text that is one object, and calls visit(member) for each of its members. False on error.
    template <class Visit> [[gnu::always_inline]] bool read_object(Visit visit)
    {
        const char *p = skip_blanks(begin_);
        if (p == end_)
            return fail(ScanError::kEmpty, p) != nullptr;
        if (*p != '{')
            return fail(is_byte_order_mark(p) ? ScanError::kByteOrderMark : ScanError::kNotObject, p) != nullptr;
        p = skip_blanks(p + 1);
        if (peek(p) == '}')
            return end_object(p);
        for (;;) {
            JsonMember member;
            p = open_name(p);
            if (p == nullptr)
                return false;
            member.name = p;
            p = skip_string(p);
            if (p == nullptr)
                return false;
            member.name_len = static_cast<size_t>(p - member.name);
            p = skip_colon(p + 1);
            if (p == nullptr)
                return false;
            member.value = read_value(p, 1);
            if (member.value.data == nullptr)
                return false;
            visit(member);
            p = member.value.data + member.value.len;
            if (p < end_ && *p == ',') [[likely]] {
                p++;
                continue;
            }
            p = skip_blanks_behind_bracket(p);
            if (p < end_ && *p == '}')
                return end_object(p);
            p = skip_comma(p);
            if (p == nullptr)
                return false;
        }
    }

    /// Reads a text that is one array, as a value that has been read before is, and calls visit(value) for each of its elements.
    template <class Visit> void read_array(Visit visit)
    {
        const char *p = skip_blanks(begin_ + 1);
        while (peek(p) != ']') {
            JsonValue value = read_value(p, 1);
            if (value.data == nullptr)
                return; // not of a text that has been read before
            visit(value);
            p = skip_blanks(value.data + value.len);
            if (peek(p) == ',')
                p++;
        }
    }

    /// Reads a text that is one value of any kind. False on error.
    bool read_text_value(JsonValue &value)
    {
        const char *p = skip_blanks(at_);
        if (p == end_)
            return fail(ScanError::kEmpty, p) != nullptr;
        if (is_byte_order_mark(p))
            return fail(ScanError::kByteOrderMark, p) != nullptr;
        value = read_any_value(p, 0);
        at_ = value.data + value.len;
        return value.data != nullptr;
    }

    /// Whether the text, which has no trailing blanks, ends behind what has been read.
    bool at_end() { return at_ == end_ || fail(ScanError::kTextBehind, skip_blanks(at_)) != nullptr; }

    /// Whether a string with a backslash has been read.
    bool has_escapes() const { return has_escapes_; }

    ScanError error() const { return error_; }
    /// The position of the error, in bytes from the start of the text.
    size_t offset() const { return static_cast<size_t>(error_at_ - begin_); }

private:
    [[gnu::cold, gnu::noinline]] const char *fail(ScanError error, const char *at)
    {
        // At the end of the text no byte is invalid: something is missing.
        error_ = at == end_ && error != ScanError::kEmpty ? ScanError::kTruncated : error;
        error_at_ = at;
        return nullptr;
    }

    bool end_object(const char *p)
    {
        at_ = p + 1;
        return true;
    }

    bool is_byte_order_mark(const char *p) const { return end_ - p >= 3 && std::memcmp(p, "\xef\xbb\xbf", 3) == 0; }

    /// The byte at p, or NUL at the end of the text: no rule of the grammar accepts NUL.
    [[gnu::always_inline]] char peek(const char *p) const
    {
        if constexpr (Bounds == JsonBounds::kGuarded)
            return *p;
        return p < end_ ? *p : '\0';
    }

    [[gnu::always_inline]] const char *skip_blanks(const char *p) const
    {
        // Most lines have no blanks: one comparison.
        if (static_cast<unsigned char>(peek(p)) > ' ') [[likely]]
            return p;
        for (char c = peek(p); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = peek(p))
            p++;
        return p;
    }

    /// Only behind a bracket may a guarded text be at its end.
    const char *skip_blanks_behind_bracket(const char *p) const { return p < end_ ? skip_blanks(p) : end_; }

    // Each of the next three takes its byte first, and looks for blanks only before another.

    /// Returns the byte after a comma.
    [[gnu::always_inline]] const char *skip_comma(const char *p)
    {
        if (p == end_ || *p != ',') [[unlikely]]
            return fail(ScanError::kCommaExpected, p);
        return p + 1;
    }

    /// Returns the byte after the opening quote of a name.
    [[gnu::always_inline]] const char *open_name(const char *p)
    {
        if (peek(p) != '"') [[unlikely]] {
            p = skip_blanks(p);
            if (peek(p) != '"')
                return fail(ScanError::kNameExpected, p);
        }
        return p + 1;
    }

    /// p is after a name's closing quote. Returns the byte after the colon, which may be the end of the text.
    [[gnu::always_inline]] const char *skip_colon(const char *p)
    {
        if (peek(p) != ':') [[unlikely]] {
            p = skip_blanks(p);
            if (peek(p) != ':')
                return fail(ScanError::kColonExpected, p);
        }
        return p + 1;
    }

    /// p is after the opening quote. Returns the closing quote.
    [[gnu::always_inline]] const char *skip_string(const char *p)
    {
        p = stops_.find(p);
        if (peek(p) == '"') [[likely]]
            return p;
        return skip_rich_string(p);
    }

    /// The rest of a string with escapes or non-ASCII characters; p is at the first of them.
    [[gnu::noinline]] const char *skip_rich_string(const char *p)
    {
        // A guarded text's bracket is behind all stops, and ends no string.
        for (const char *end = Bounds == JsonBounds::kGuarded ? end_ - 1 : end_; p < end; p = stops_.find(p)) {
            char c = *p;
            if (c == '"')
                return p;
            if (c == '\\') {
                has_escapes_ = true;
                p = skip_escape(p);
            } else if (static_cast<signed char>(c) < 0) {
                p = skip_utf8(p);
            } else {
                return fail(ScanError::kControlByte, p);
            }
            if (p == nullptr)
                return nullptr;
        }
        return fail(ScanError::kTruncated, end_);
    }

    /// RFC 8259 §7. The grammar allows unpaired surrogates (§8.2).
    const char *skip_escape(const char *p)
    {
        if (end_ - p < 2)
            return fail(ScanError::kTruncated, end_);
        switch (p[1]) {
        case '"':
        case '\\':
        case '/':
        case 'b':
        case 'f':
        case 'n':
        case 'r':
        case 't':
            return p + 2;
        case 'u':
            for (const char *digit = p + 2; digit < p + 6; digit++) {
                if (digit == end_)
                    return fail(ScanError::kTruncated, end_);
                if (!is_hex(*digit))
                    return fail(ScanError::kBadEscape, p);
            }
            return p + 6;
        default:
            return fail(ScanError::kBadEscape, p);
        }
    }

    /// A run of non-ASCII characters; p is at its first byte.
    const char *skip_utf8(const char *p)
    {
        p = skip_non_ascii(p, end_);
        return p == end_ || static_cast<signed char>(*p) >= 0 ? p : fail(ScanError::kBadUtf8, p);
    }

    /// p is at a value inside `depth` containers, or at blanks before it. data of the result is nullptr on error.
    [[gnu::always_inline]] JsonValue read_value(const char *p, unsigned depth)
    {
        char first = peek(p);
        if (first == '"') {
            const char *end = skip_string(p + 1);
            return end != nullptr ? JsonValue{p, static_cast<size_t>(end + 1 - p), JsonKind::kString} : JsonValue();
        }
        if (is_digit(first)) {
            JsonKind kind;
            const char *end = skip_number(p, kind);
            return end != nullptr ? JsonValue{p, static_cast<size_t>(end - p), kind} : JsonValue();
        }
        return read_any_value(p, depth);
    }

    [[gnu::noinline]] JsonValue read_any_value(const char *p, unsigned depth)
    {
        p = skip_blanks(p);
        char first = peek(p);
        JsonKind kind;
        const char *end;
        if (first == '{' || first == '[') {
            kind = first == '{' ? JsonKind::kObject : JsonKind::kArray;
            end = skip_container(p, depth);
        } else {
            end = skip_scalar(p, kind);
        }
        return end != nullptr ? JsonValue{p, static_cast<size_t>(end - p), kind} : JsonValue();
    }

    /// Returns the first byte after the value.
    [[gnu::always_inline]] const char *skip_scalar(const char *p, JsonKind &kind)
    {
        char first = peek(p);
        if (first == '"') {
            kind = JsonKind::kString;
            p = skip_string(p + 1);
            return p != nullptr ? p + 1 : nullptr;
        }
        if (first == '-' || is_digit(first))
            return skip_number(p, kind);
        kind = JsonKind::kLiteral;
        return skip_literal(p);
    }

    const char *skip_literal(const char *p)
    {
        auto is = [this, p](const char *word, size_t len) {
            return static_cast<size_t>(end_ - p) >= len && std::memcmp(p, word, len) == 0;
        };
        if (is("true", 4) || is("null", 4))
            return p + 4;
        if (is("false", 5))
            return p + 5;
        return fail(ScanError::kValueExpected, p);
    }

    /// RFC 8259 §6.
    [[gnu::always_inline]] const char *skip_number(const char *p, JsonKind &kind)
    {
        const char *start = p;
        kind = JsonKind::kInteger;
        if (*p == '-')
            p++;
        const char *digits = p;
        p = skip_digits(p);
        if (p == digits || (*digits == '0' && p - digits > 1))
            return fail(ScanError::kBadNumber, p == end_ ? p : start);
        if (char c = peek(p); c == '.' || c == 'e' || c == 'E') {
            kind = JsonKind::kNumber;
            return skip_fraction(p, start);
        }
        return p;
    }

    const char *skip_fraction(const char *p, const char *start)
    {
        if (*p == '.') {
            const char *digits = ++p;
            p = skip_digits(p);
            if (p == digits)
                return fail(ScanError::kBadNumber, p == end_ ? p : start);
        }
        if (peek(p) == 'e' || peek(p) == 'E') {
            p++;
            if (peek(p) == '+' || peek(p) == '-')
                p++;
            const char *digits = p;
            p = skip_digits(p);
            if (p == digits)
                return fail(ScanError::kBadNumber, p == end_ ? p : start);
        }
        return p;
    }

    const char *skip_digits(const char *p) const
    {
        while (is_digit(peek(p)))
            p++;
        return p;
    }

    /// p is at the opening bracket of a container inside `outside` others. Returns the first byte after the container.
    [[gnu::noinline]] const char *skip_container(const char *p, unsigned outside)
    {
        // One bit for each open container, 1 for an object, the innermost lowest; every 64 levels the word is saved.
        uint64_t objects = 0;
        uint64_t outer_words[kMaxDepth / 64];
        unsigned depth = 0;
        JsonKind kind = JsonKind::kLiteral;
        for (;;) {
            p = skip_blanks(p);
            if (char first = peek(p); first == '{' || first == '[') {
                if (outside + depth == kMaxDepth)
                    return fail(ScanError::kTooDeep, p);
                if (depth > 0 && depth % 64 == 0)
                    outer_words[depth / 64 - 1] = objects;
                depth++;
                objects = objects << 1 | (first == '{' ? 1 : 0);
                p = skip_blanks(p + 1);
                if (peek(p) != closing_bracket(objects)) {
                    if ((objects & 1) != 0 && (p = skip_name_and_colon(p)) == nullptr)
                        return nullptr;
                    continue;
                }
            } else {
                p = skip_scalar(p, kind);
                if (p == nullptr)
                    return nullptr;
                p = skip_blanks(p);
            }
            // p is after a value, or at the closing bracket of an empty container: close all containers that end here.
            while (peek(p) == closing_bracket(objects)) {
                p++;
                if (--depth == 0)
                    return p;
                if (p == end_)
                    return fail(ScanError::kTruncated, p);
                objects = depth % 64 == 0 ? outer_words[depth / 64 - 1] : objects >> 1;
                p = skip_blanks(p);
            }
            p = skip_comma(p);
            if (p == nullptr || ((objects & 1) != 0 && (p = skip_name_and_colon(p)) == nullptr))
                return nullptr;
        }
    }

    static char closing_bracket(uint64_t objects) { return (objects & 1) != 0 ? '}' : ']'; }

    [[gnu::always_inline]] const char *skip_name_and_colon(const char *p)
    {
        p = open_name(p);
        if (p == nullptr || (p = skip_string(p)) == nullptr)
            return nullptr;
        return skip_colon(p + 1);
    }

    static bool is_digit(char c) { return c >= '0' && c <= '9'; }
    static bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

    const char *begin_;
    const char *end_;
    const char *at_;
    const char *error_at_ = nullptr;
    ScanError error_ = ScanError::kNone;
    bool has_escapes_ = false;
    StringStops stops_;
};

} // namespace wm

#endif
