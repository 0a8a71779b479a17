/**
 * @file
 * Rows of cells in columns as wide as their widest cell, two spaces apart. One thread; a value.
 *
 * A cell may be any bytes. Characters that move the cursor or change the direction on a terminal, and bytes
 * that are not UTF-8, are shown as '?'. An empty cell is shown as "-", so that every row has the same number
 * of words. Nothing is cut.
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

    /// A text across the remaining columns, which does not widen them; ends the row.
    void rest(std::string_view text);

    size_t rows() const { return cells_.size() / widths_.size(); }

    /// The width of a whole row.
    size_t width() const;

    /// Appends the rows [from, to), a line each.
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

/// "-----TITLE-----\n", `width` columns wide unless the title is longer.
std::string rule_line(std::string_view title, size_t width);

/// `text` as a cell shows it.
std::string printable(std::string_view text);

} // namespace wm

#endif
