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
    bool skipping = false; ///< inside a line that is too long
};

bool begin(Connection &conn)
{
    conn.codec_state.make<TextState>();
    return true;
}

/// Drops the rest of a line that is too long.
Rest skip_line(TextState &state, Rest in)
{
    char *end = static_cast<char *>(memchr(in.data, '\n', in.len));
    if (!end)
        return {in.data + in.len, 0, true};
    state.skipping = false;
    size_t gone = static_cast<size_t>(end + 1 - in.data);
    return {end + 1, in.len - gone, false};
}

void refuse_line(Connection &conn, TextState &state, bool ended)
{
    Reactor &reactor = conn.owner->reactor;
    if (!conn.owner->options.skip_oversize) {
        reactor.lifecycle.fault(conn, WM_REASON_LIMIT, WM_EMSGSIZE, 0, "line over max_message");
        return;
    }
    if (!ended) {
        state.skipping = true;
        state.parser.reset();
    }
    reactor.dispatch.error(conn, WM_EMSGSIZE, "line over max_message");
}

Rest parse(Connection &conn, Rest in)
{
    Reactor &reactor = conn.owner->reactor;
    TextState &state = conn.codec_state.as<TextState>();
    while (in.len > 0 && reactor.inbox.wants(conn)) {
        if (state.skipping) {
            in = skip_line(state, in);
            continue;
        }
        size_t max_message = static_cast<size_t>(conn.owner->options_of(conn).max_message);
        size_t message_len = 0;
        Step step = state.parser.step(in.data, in.len, max_message, message_len);
        if (step.kind == StepKind::kMore)
            return {in.data, in.len, true, step.need};
        char *line = in.data;
        in = {in.data + step.size, in.len - step.size, false};
        if (step.kind == StepKind::kMessage)
            reactor.dispatch.message(conn, line, message_len, WM_KIND_TEXT, 0);
        else
            refuse_line(conn, state, line[step.size - 1] == '\n');
    }
    return in;
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
