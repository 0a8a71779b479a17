/**
 * @file
 * What a service tells of itself for `status`: tables, which the master shows without knowing what they mean. Pure.
 */
#ifndef WM_WORKER_SERVICE_REPORT_H
#define WM_WORKER_SERVICE_REPORT_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace wm {

/// monostate: not known.
using ReportValue = std::variant<std::monostate, bool, int64_t, std::string>;

struct ReportTable {
    std::string name; ///< of lower-case letters and _, as those of columns
    bool one = false; ///< one row, an object in JSON; else a list of objects
    std::vector<std::string> columns;
    std::vector<std::vector<ReportValue>> rows; ///< each with all columns
};

struct ServiceReport {
    static constexpr size_t kMaxText = 256 << 10; ///< bytes
    static constexpr size_t kMaxTables = 8, kMaxColumns = 16, kMaxRows = 512;

    std::vector<ReportTable> tables;

    /// A line for each table and each row.
    std::string encode() const;
    /// False: it breaks the form or a limit, as a service is not trusted.
    bool decode(std::string_view text);
};

} // namespace wm

#endif
