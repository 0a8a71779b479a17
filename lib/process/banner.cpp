#include "process/banner.h"

#include "wm/version.h"

#include <algorithm>

namespace wm {

namespace {

constexpr size_t kGap = 2;

std::string rule(const std::string &title, size_t width)
{
    std::string text = title.empty() ? "" : " " + title + " ";
    size_t left = width > text.size() ? (width - text.size()) / 2 : 0;
    size_t right = width > text.size() + left ? width - text.size() - left : 0;
    return std::string(left, '-') + text + std::string(right, '-') + "\n";
}

} // namespace

std::string banner_text(const Banner &banner)
{
    std::vector<std::vector<std::string>> table = {{"proto", "user", "worker", "listen", "count", "state"}};
    for (const BannerRow &row : banner.workers)
        table.push_back({row.proto, row.user, row.worker, row.listen, std::to_string(row.count), "[OK]"});
    std::vector<size_t> widths(table[0].size(), 0);
    for (const auto &row : table)
        for (size_t i = 0; i < row.size(); i++)
            widths[i] = std::max(widths[i], row[i].size());
    size_t width = 0;
    for (size_t column : widths)
        width += column + kGap;
    width = std::max<size_t>(width, 60);

    std::string out = banner.name + " starts in " + (banner.daemon ? "DAEMON" : "DEBUG") + " mode\n" + rule("LIBWM", width) + "libwm/" +
                      WM_VERSION + (banner.log.empty() ? "" : "    log " + banner.log) + "\n" + rule("WORKERS", width);
    for (const auto &row : table) {
        for (size_t i = 0; i + 1 < row.size(); i++)
            out += row[i] + std::string(widths[i] + kGap - row[i].size(), ' ');
        out += row.back() + "\n";
    }
    out += rule("", width);
    out += banner.daemon ? "Input \"" + banner.stop + "\" to stop. Start success.\n" : "Press Ctrl+C to stop. Start success.\n";
    return out;
}

} // namespace wm
