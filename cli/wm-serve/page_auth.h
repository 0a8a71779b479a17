/**
 * @file
 * Who a page is, by its first message: --auth uid takes the message, or a member of it, as the uid; --auth jwt has a token in it.
 */
#ifndef WM_SERVE_PAGE_AUTH_H
#define WM_SERVE_PAGE_AUTH_H

#include "shared/json_scan.h"
#include "wm-serve/event_log.h"
#include "wm-serve/jwt_key.h"
#include "wm-serve/push_options.h"
#include "wm/types.h"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace wm::serve {

/// What a first message says.
struct PageIdentity {
    static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

    std::string_view uid;   ///< 1 to 255 bytes, in the message or in the scratch; empty: the page is refused
    int64_t end_s = kNever; ///< Unix time at which the page is to be closed
    int32_t code = 0;       ///< close code of a refusal
    std::string why;        ///< its reason, at most 123 bytes
};

class PageAuth {
public:
    /// The options are borrowed. They have been checked.
    void setup(const PushOptions &options) { options_ = &options; }
    /// Reads the key. Returns an error that names the flag and the file, or nothing.
    std::string load();
    /// Reads the first message of a page; empty for a binary one.
    PageIdentity identify(wm_conn conn, std::string_view first, UidScratch &scratch);

private:
    PageIdentity identify_by_uid(wm_conn conn, std::string_view first, UidScratch &scratch);
    PageIdentity identify_by_token(wm_conn conn, std::string_view first, UidScratch &scratch);

    const PushOptions *options_ = nullptr;
    JwtKey key_;
    ThrottledWarning json_uid_;
    ThrottledWarning refused_;
};

} // namespace wm::serve

#endif
