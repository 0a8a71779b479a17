#include "process/report/text_table.h"

#include "proto/utf8.h"

#include <algorithm>
#include <iterator>

namespace wm {

namespace {

constexpr size_t kGap = 2;

struct Range {
    char32_t first, last;
};

// Controls, invisible characters and those that change the direction; U+FFFD stands for bytes that are not
// UTF-8.
constexpr Range kUnprintable[] = {{0, 0x1f},        {0x7f, 0x9f},     {0x200b, 0x200f}, {0x2028, 0x202e},
                                  {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfffd, 0xfffd}};

// Two columns on a terminal (Unicode, East Asian Width W and F, in blocks). The C library's wcwidth would ask
// the host's locale.
constexpr Range kWide[] = {{0x1100, 0x115f}, {0x2e80, 0x303e}, {0x3041, 0xa4cf},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},  {0xfe30, 0xfe6f},
                           {0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};

// None: they stand over the character before.
constexpr Range kCombining[] = {{0x300, 0x36f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}};

template <size_t N> bool among(char32_t code, const Range (&ranges)[N])
{
    return std::any_of(std::begin(ranges), std::end(ranges), [code](Range range) { return code >= range.first && code <= range.last; });
}

/// Adds `text` as it may be shown; returns how many columns it takes.
size_t append_printable(std::string &out, std::string_view text)
{
    if (std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; })) {
        out += text;
        return text.size();
    }
    size_t width = 0;
    for (size_t at = 0; at < text.size();) {
        char32_t code = 0;
        size_t len = code_point_at(text, at, code);
        if (among(code, kUnprintable))
            out += '?';
        else
            out.append(text, at, len);
        width += among(code, kCombining) ? 0 : among(code, kWide) ? 2 : 1;
        at += len;
    }
    return width;
}

} // namespace

void TextTable::reserve(size_t rows, size_t bytes_a_row)
{
    cells_.reserve(rows * widths_.size());
    text_.reserve(rows * bytes_a_row);
}

TextTable &TextTable::cell(std::string_view text)
{
    add(text.empty() ? "-" : text, true);
    return *this;
}

void TextTable::rest(std::string_view text)
{
    add(text, false);
    while (cells_.size() % widths_.size() != 0)
        add("", false);
}

void TextTable::add(std::string_view text, bool widens)
{
    size_t &widest = widths_[cells_.size() % widths_.size()];
    size_t width = append_printable(text_, text);
    cells_.push_back({text_.size(), width});
    if (widens)
        widest = std::max(widest, width);
}

size_t TextTable::width() const
{
    size_t sum = kGap * (widths_.size() - 1);
    for (size_t width : widths_)
        sum += width;
    return sum;
}

void TextTable::append_rows(std::string &out, size_t from, size_t to) const
{
    size_t columns = widths_.size();
    for (size_t row = from; row < to; row++) {
        size_t gap = 0; // set before the next text only: no line ends with spaces
        for (size_t i = row * columns; i < (row + 1) * columns; i++) {
            size_t start = i == 0 ? 0 : cells_[i - 1].end;
            if (cells_[i].end > start)
                out.append(gap, ' ').append(text_, start, cells_[i].end - start);
            gap = widths_[i % columns] + kGap - std::min(widths_[i % columns], cells_[i].width);
        }
        out += '\n';
    }
}

std::string rule_line(std::string_view title, size_t width)
{
    size_t dashes = width > title.size() ? width - title.size() : 0;
    return std::string(dashes / 2, '-').append(title).append(dashes - dashes / 2, '-') + "\n";
}

std::string printable(std::string_view text)
{
    std::string out;
    append_printable(out, text);
    return out;
}

} // namespace wm
