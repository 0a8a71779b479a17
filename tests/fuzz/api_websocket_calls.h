/**
 * @file
 * The calls of a random API program on websockets: pings and pongs, messages in parts, the subprotocol.
 */
#ifndef FUZZ_API_WEBSOCKET_CALLS_H
#define FUZZ_API_WEBSOCKET_CALLS_H

#include "api_machine.h"

namespace fuzz {

inline void ping(Machine &m)
{
    wm_conn conn = m.conn();
    Span payload = m.span();
    auto fn = m.program.pick(2) ? wm_conn_ping : wm_conn_pong;
    int64_t result = m.world.call([&] { return fn(conn, payload.data, payload.len); });
    check(result < 0 || payload.len <= 125, "a control frame over 125 bytes was taken");
}

inline void watch_pings(Machine &m)
{
    wm_conn conn = m.conn();
    bool pings = m.program.pick(2);
    auto on = pings ? wm_conn_on_ping : wm_conn_on_pong;
    wm_ping_fn fn = pings ? Machine::on_ping<WM_EVENT_PING> : Machine::on_ping<WM_EVENT_PONG>;
    fn = m.program.pick(4) ? fn : nullptr;
    m.with_user(false, [&](User *user) { return on(conn, fn, user, World::destroy); });
}

inline void send_part(Machine &m)
{
    wm_conn conn = m.conn();
    Span part = m.span();
    int64_t result = m.world.call([&] { return wm_conn_send_write(conn, part.data, part.len); });
    check(!part.lies || result < 0, "a length that lies was taken");
}

inline void begin_or_end_parts(Machine &m)
{
    wm_conn conn = m.conn();
    int32_t flags = static_cast<int32_t>(m.program.pick(4));
    if (flags < 3)
        m.world.call([&] { return wm_conn_send_begin(conn, flags); });
    else
        m.world.call([&] { return wm_conn_send_end(conn); });
    char text[8];
    m.world.call([&] { return wm_conn_ws_subprotocol(conn, text, m.program.pick(sizeof text + 1)); });
}

} // namespace fuzz

#endif
