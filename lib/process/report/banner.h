/**
 * @file
 * What a start prints, in Workerman's columns. Pure.
 */
#ifndef WM_PROCESS_REPORT_BANNER_H
#define WM_PROCESS_REPORT_BANNER_H

#include <cstdint>
#include <string>
#include <vector>

namespace wm {

struct BannerRow {
    std::string proto;
    std::string user;
    std::string worker;
    std::string listen;
    int64_t count = 0;
};

struct Banner {
    std::string name;
    std::string stop; ///< the command that ends it
    std::string log;  ///< its path; empty: none
    bool daemon = false;
    std::vector<BannerRow> workers;
};

std::string banner_text(const Banner &banner);

} // namespace wm

#endif
