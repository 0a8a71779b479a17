/**
 * @file
 * The calls of a random API program on clients. They connect to workers of the program, and to addresses that refuse.
 */
#ifndef FUZZ_API_CLIENT_CALLS_H
#define FUZZ_API_CLIENT_CALLS_H

#include "api_machine.h"

#include <utility>

namespace fuzz {

inline constexpr const char *kBadClients[] = {"",        "htp://a",       "ws://a/#b", "text://127.0.0.1:0",      "ws://user@a/",
                                              "unix://", "text+unix://a", "tcp://@:1", "websocket://127.0.0.1:80"};
inline constexpr const char *kClientSchemes[] = {"unix://", "text+unix://", "ws+unix://", "frame+unix://"};
inline constexpr std::pair<const char *, const char *> kClientTexts[] = {{"ws_path", "/a?b"},
                                                                         {"ws_headers", "A: b\r\n"},
                                                                         {"ws_headers", "A: b"},
                                                                         {"ws_subprotocol", "a, b"},
                                                                         {"proxy", "socks5://127.0.0.1:1"},
                                                                         {"source_address", "127.0.0.1"},
                                                                         {"transport", "ssl"},
                                                                         {"transport", "tcp"},
                                                                         {"transport", "udp"},
                                                                         {"deflate", "shared"},
                                                                         {"deflate", "own"},
                                                                         {"tls_server_name", "localhost"}};

/// Registers each callback, or removes it.
inline void watch(Machine &m, wm_client *client, bool removes)
{
    auto set = [&](auto on, auto fn) {
        m.with_user(false, [&](User *user) { return on(client, removes ? nullptr : fn, user, World::destroy); });
    };
    set(wm_client_on_connect, Machine::on_conn<WM_EVENT_CONNECT>);
    set(wm_client_on_open, Machine::on_conn<WM_EVENT_OPEN>);
    set(wm_client_on_message, Machine::on_message);
    set(wm_client_on_error, Machine::on_error);
    set(wm_client_on_closing, Machine::on_conn<WM_EVENT_CLOSING>);
    set(wm_client_on_close, Machine::on_close);
    set(wm_client_on_buffer_full, Machine::on_conn<WM_EVENT_BUFFER_FULL>);
    set(wm_client_on_buffer_drain, Machine::on_conn<WM_EVENT_BUFFER_DRAIN>);
}

inline void new_client(Machine &m)
{
    App &app = m.app();
    size_t kind = m.program.byte();
    if (kind >= 240) {
        const char *address = m.program.one_of(kBadClients);
        check(!m.world.make([&] { return wm_client_new(app.app, address); }), "a client at a bad address");
        return;
    }
    if (!app.app || m.world.clients.size() >= 4)
        return;
    wm_worker *worker = m.worker().worker;
    const char *listens = worker ? strchr(wm_worker_address(worker), '@') : nullptr;
    std::string address = kClientSchemes[kind % 4] + std::string(listens && (kind & 16) == 0 ? listens : "@wm-fuzz-nobody");
    if (kind >= 224)
        address = "text://127.0.0.1:1";
    wm_client *client = m.world.make([&] { return wm_client_new(app.app, address.c_str()); });
    if (!client)
        return;
    bool by_callbacks = kind & 4;
    m.world.clients.push_back({client, &app, by_callbacks, true});
    if (by_callbacks)
        watch(m, client, false);
    m.world.call([&] { return wm_client_connect(client); });
}

inline void free_client(Machine &m)
{
    Client client = m.client();
    if (m.program.pick(4) == 0 && client.client && m.world.done([&] { wm_client_free(client.client); }))
        std::erase_if(m.world.clients, [&](const Client &known) { return known.client == client.client; });
}

inline void control_client(Machine &m)
{
    wm_client *client = m.client().client;
    int64_t delay = m.program.one_of(kTimes);
    switch (m.program.pick(6)) {
    case 0:
        m.world.call([&] { return wm_client_close(client); });
        break;
    case 1:
        m.world.call([&] { return wm_client_cancel_reconnect(client); });
        break;
    case 2:
    case 3:
        m.world.call([&] { return wm_client_reconnect(client, delay); });
        break;
    default:
        m.world.call([&] { return wm_client_connect(client); });
    }
}

inline void set_client(Machine &m)
{
    wm_client *client = m.client().client;
    if (m.program.pick(4) == 0) {
        const auto &text = m.program.one_of(kClientTexts);
        m.world.call([&] { return wm_client_set_str(client, text.first, text.second); });
        return;
    }
    const char *name = m.option(WM_SCOPE_CLIENT);
    int64_t number = m.program.one_of(kNumbers);
    const char *text = nullptr;
    m.world.call([&] { return wm_client_set_int(client, name, number); });
    m.world.call([&] { return wm_client_get_int(client, name, &number); });
    if (m.world.call([&] { return wm_client_get_str(client, name, &text); }) == 0)
        m.world.call([&] { return wm_client_set_str(client, name, std::string(text).c_str()); });
}

inline void watch_client(Machine &m)
{
    Client client = m.client();
    if (!client.client || m.program.pick(4) != 0)
        return;
    m.world.not_strict(*client.app);
    watch(m, client.client, m.program.pick(2) == 0);
}

/// Sends, as m.conn() is mostly one of a worker, or looks.
inline void use_client(Machine &m)
{
    Client client = m.client();
    wm_conn conn = 0;
    if (client.client)
        conn = wm_client_conn(client.client);
    check(!conn || wm_conn_client(conn) == client.client, "a connection of another client");
    Span span = m.span();
    int32_t flags = m.program.one_of(kFlags);
    if (conn && m.program.pick(2) == 0) {
        int64_t result = m.world.call([&] { return wm_conn_send(conn, span.data, span.len, flags); });
        check(result < 0 || (!span.lies && !(flags & ~kSendFlags)), "a message that cannot be was taken");
        return;
    }
    const void *value = nullptr;
    size_t len = 0;
    if (m.world.call([&] { return wm_client_response_header(client.client, "upgrade", &value, &len); }) == 1)
        m.world.touch(value, len);
    check(wm_client_address(client.client) && wm_client_error(client.client) && wm_client_ws_subprotocol(client.client), "no text");
    check(!client.client || wm_client_app(client.client) == client.app->app, "another app's client");
    World::used(wm_client_user(client.client));
    m.with_user(false, [&](User *user) { return wm_client_set_user(client.client, user, World::destroy); });
}

} // namespace fuzz

#endif
