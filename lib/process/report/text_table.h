/**
 * @file
 * Rows of cells in columns as wide as their widest cell, two spaces apart. One thread; a value.
 *
 * A cell may be any bytes. Whatever could move the cursor or change the order on a terminal, and what is not UTF-8, is shown as '?'. An
 * empty cell is shown as "-", so that a row has all its words. Nothing is ever cut.
 */
#ifndef WM_PROCESS_REPORT_TEXT_TABLE_H
#define WM_PROCESS_REPORT_TEXT_TABLE_H

#include <charconv>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace wm {

class TextTable {
public:
    explicit TextTable(size_t columns) : widths_(columns) {}

    void reserve(size_t rows, size_t bytes_a_row);

    TextTable &cell(std::string_view text);

    template <std::integral T> TextTable &number(T value)
    {
        char digits[24];
        return cell({digits, std::to_chars(digits, digits + sizeof digits, value).ptr});
    }

    /// A text over all columns that are left, which makes none of them wider; the row ends with it.
    void rest(std::string_view text);

    size_t rows() const { return cells_.size() / widths_.size(); }

    /// Of a row with all its cells.
    size_t width() const;

    /// Rows from `from` to before `to`, a line each.
    void append_rows(std::string &out, size_t from, size_t to) const;

private:
    struct Cell {
        size_t end; ///< in text_; begins where the one before ends
        size_t width;
    };

    void add(std::string_view text, bool widens);

    std::vector<size_t> widths_;
    std::vector<Cell> cells_; ///< row by row, each with all columns
    std::string text_;
};

/// As wide on a terminal as `width`, but for a longer title: "-----TITLE-----\n".
std::string rule_line(std::string_view title, size_t width);

/// `text` as a cell shows it.
std::string printable(std::string_view text);

} // namespace wm

#endif
