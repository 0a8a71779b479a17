// What a service reports: whatever it sends is refused, or is within the limits, is shown, and is the same when it is sent again.
#include "process/report/json_text.h"
#include "process/report/service_tables.h"
#include "worker/service_report.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    std::vector<char> exact(data, data + size); // of exactly its size, for the sanitizer
    wm::ServiceReport report, again;
    if (!report.decode({exact.data(), exact.size()}))
        return 0;
    if (report.tables.size() > wm::ServiceReport::kMaxTables)
        abort();
    for (const wm::ReportTable &table : report.tables) {
        if (table.rows.size() > (table.one ? 1 : wm::ServiceReport::kMaxRows) || table.columns.size() > wm::ServiceReport::kMaxColumns)
            abort();
        for (const auto &row : table.rows)
            if (row.size() != table.columns.size())
                abort();
    }
    std::string text, json, encoded = report.encode();
    wm::append_tables(text, report);
    wm::JsonText out(json);
    wm::json_tables(out, report);
    for (std::string_view shown : {std::string_view(text), std::string_view(json)})
        for (char c : shown)
            if (c != '\n' && static_cast<unsigned char>(c) < ' ')
                abort(); // it would reach a terminal
    if (encoded.size() <= wm::ServiceReport::kMaxText && (!again.decode(encoded) || again.encode() != encoded))
        abort();
    return 0;
}
