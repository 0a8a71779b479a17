#include "proto/websocket/close.h"

#include "core/error.h"
#include "proto/utf8.h"

namespace wm::websocket {

int check_close(int32_t code, std::string_view reason)
{
    if (reason.size() > kMaxReason || !is_utf8(reason.data(), reason.size()))
        return fail(WM_EINVAL, "a close text is UTF-8 of at most %zu bytes (RFC 6455 5.5.1)", kMaxReason);
    if (code != 0 && !may_be_sent(code))
        return fail(WM_EINVAL, "close code %d cannot be sent; 1000-1003, 1007-1014 and 3000-4999 can (RFC 6455 7.4)",
                    static_cast<int>(code));
    return 0;
}

} // namespace wm::websocket
