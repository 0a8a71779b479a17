#include "process/report/banner.h"

#include "process/report/text_table.h"
#include "wm/version.h"

#include <algorithm>

namespace wm {

namespace {
constexpr size_t kNarrowest = 60;
}

std::string banner_text(const Banner &banner)
{
    TextTable table(6);
    for (const char *head : {"proto", "user", "worker", "listen", "count", "state"})
        table.cell(head);
    for (const BannerRow &row : banner.workers)
        table.cell(row.proto).cell(row.user).cell(row.worker).cell(row.listen).number(row.count).cell("[OK]");
    size_t width = std::max(table.width(), kNarrowest);

    std::string out = printable(banner.name) + " starts in " + (banner.daemon ? "DAEMON" : "DEBUG") + " mode\n";
    out += rule_line("LIBWM", width) + "libwm/" + WM_VERSION + (banner.log.empty() ? "" : "    log " + printable(banner.log)) + "\n";
    out += rule_line("WORKERS", width);
    table.append_rows(out, 0, table.rows());
    out += rule_line("", width);
    out += banner.daemon ? "Input \"" + printable(banner.stop) + "\" to stop. Start success.\n" : "Press Ctrl+C to stop. Start success.\n";
    return out;
}

} // namespace wm
