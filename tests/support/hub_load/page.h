/**
 * @file
 * A page under load: sends its uid, tells the judge what it sees, and connects again as soon as its connection has ended. The app's thread.
 */
#ifndef WM_TESTS_HUB_LOAD_PAGE_H
#define WM_TESTS_HUB_LOAD_PAGE_H

#include "wm/wm.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace hub_load {

class Load;

class Page {
public:
    Page(Load &load, uint32_t number, uint32_t uid);
    Page(const Page &) = delete;
    Page &operator=(const Page &) = delete;

    void connect();
    void ping();

private:
    void opened(wm_conn conn);
    void message(std::string_view text);
    void closed(int32_t code, std::string_view text);

    Load &load_;
    uint32_t number_;
    uint32_t uid_;
    wm_client *client_;
    bool open_ = false;
    bool nobody_listens_ = false;
    std::string error_;
};

} // namespace hub_load

#endif
