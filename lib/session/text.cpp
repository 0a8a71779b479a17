// text://: a message is a line.
#include "conn/reactor.h"
#include "proto/text/line_parser.h"
#include "session/codecs.h"
#include "session/half_open.h"

#include <cstring>

namespace wm {

namespace {

struct TextState {
    text::LineParser parser;
    bool skipping = false; ///< discarding a line that is over max_message
};

bool begin(Connection &conn)
{
    conn.codec_state.make<TextState>();
    return true;
}

/// Returns how many bytes belong to the line that is being skipped.
size_t skip_line(TextState &state, const char *data, size_t len)
{
    const void *end = memchr(data, '\n', len);
    if (!end)
        return len;
    state.skipping = false;
    return static_cast<size_t>(static_cast<const char *>(end) + 1 - data);
}

void refuse_line(Connection &conn, TextState &state, bool ended)
{
    Reactor &reactor = conn.owner->reactor;
    if (!conn.owner->options.skip_oversize) {
        reactor.lifecycle.close_with_error(conn, WM_REASON_LIMIT, WM_EMSGSIZE, 0, "line over max_message");
        return;
    }
    if (!ended) {
        state.skipping = true;
        state.parser.reset();
    }
    reactor.dispatch.error(conn, WM_EMSGSIZE, "line over max_message");
}

Rest parse(Connection &conn, char *data, size_t len)
{
    Reactor &reactor = conn.owner->reactor;
    TextState &state = conn.codec_state.as<TextState>();
    while (len > 0 && reactor.inbox.wants_next(conn)) {
        if (state.skipping) {
            size_t skipped = skip_line(state, data, len);
            data += skipped;
            len -= skipped;
            continue;
        }
        size_t max_message = static_cast<size_t>(conn.options->max_message);
        size_t message_len = 0;
        Step step = state.parser.step(data, len, max_message, message_len);
        if (step.kind == StepKind::kMore)
            return {data, len, true, step.need};
        char *line = data;
        data += step.size;
        len -= step.size;
        if (step.kind == StepKind::kMessage)
            reactor.dispatch.message(conn, line, message_len, WM_KIND_TEXT, 0);
        else
            refuse_line(conn, state, line[step.size - 1] == '\n');
    }
    return {data, len, false};
}

Framing frame(std::string_view payload, int32_t, char *)
{
    return {payload, "\n"};
}

bool is_quiet(const Connection &conn)
{
    return !conn.tail && !conn.codec_state.as<TextState>().skipping;
}

} // namespace

const Codec kTextCodec = {
    .name = "text", .begin = begin, .parse = parse, .frame = frame, .stays_half_open = half_open_by_option, .is_quiet = is_quiet};

} // namespace wm
