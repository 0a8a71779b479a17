// tcp:// and unix://: bytes as they are read, without messages' borders.
#include "session/codecs.h"
#include "session/half_open.h"
#include "worker/app.h"

namespace wm {

namespace {

Rest parse(Connection &conn, Rest in)
{
    App &app = conn.owner->app;
    if (in.len == 0 || !app.inbox.wants(conn))
        return in;
    app.dispatch.message(conn, in.data, in.len, WM_KIND_RAW, 0);
    return {in.data + in.len, 0, false};
}

} // namespace

const Codec kRawCodec = {.name = "raw", .parse = parse, .stays_half_open = half_open_by_option};

} // namespace wm
