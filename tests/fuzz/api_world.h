/**
 * @file
 * What the contract of wm.h promises, checked while a random program runs: the order of a connection's events, one destroy for each
 * registration, an error with a text, and memory that lives as long as it has to.
 *
 * One World for each input. Calls come from one thread at a time.
 */
#ifndef FUZZ_API_WORLD_H
#define FUZZ_API_WORLD_H

#include "fuzz_check.h"
#include "wm/wm.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace fuzz {

/// What a `user` pointer of a registration points to.
struct User {
    enum class State : uint8_t { kOwn, kRegistered, kDestroyed };

    State state = State::kOwn;
    bool fires_once = false;
    bool needs_result = false; ///< a hub call whose done has yet to be called
    int fired = 0;
};

struct App {
    wm_app *app = nullptr;
    bool free_later = false; ///< freed inside a callback
    bool is_drained = false; ///< polled until its stop has ended
    int inside = 0;          ///< calls that may call back
    std::thread::id holder;  ///< of the outermost of them
    std::vector<wm_event> batch;
    size_t count = 0;  ///< records of the last poll
    uint64_t hash = 0; ///< of what they point to
};

struct Worker {
    wm_worker *worker = nullptr;
    App *app = nullptr;
    bool by_callbacks = false;
    bool is_strict = true; ///< each event of its connections is seen, in order
};

struct Client {
    wm_client *client = nullptr;
    App *app = nullptr;
    bool by_callbacks = false;
    bool is_strict = true; ///< as of a worker
};

struct Hub {
    wm_hub *hub = nullptr;
    App *app = nullptr;
};

struct Conn {
    enum class Stage : uint8_t { kNew, kConnected, kOpen, kClosed };

    App *app = nullptr;
    bool by_callbacks = false;
    bool is_strict = true;
    bool is_clients = false;
    bool is_full = false;
    Stage stage = Stage::kNew;
};

struct Request {
    wm_conn conn = 0;
    unsigned number = 0; ///< of its answer
    bool is_kept = false;
    bool comes_in_pieces = false;
    bool is_whole = false; ///< its last piece has come
    std::string method, target, body;
};

class World {
public:
    std::deque<App> apps; ///< an App stays where it is: others point to it
    std::vector<Worker> workers;
    std::vector<Client> clients;
    std::vector<Hub> hubs;
    std::map<wm_conn, Conn> conns;
    std::map<wm_request, Request> requests;
    std::vector<wm_timer> timers;
    std::vector<uint64_t> watches; ///< and signals
    int depth = 0;                 ///< of callbacks

    // ---- calls

    /// Calls fn(), which returns a code or a count: a failure has a code of the list, and sets a text.
    template <class Fn> int64_t call(Fn fn)
    {
        std::string mark = set_mark();
        auto result = static_cast<int64_t>(fn());
        if (result < 0) {
            int code = static_cast<int>(result);
            check(result == code && strcmp(wm_error_name(code), "WM_EUNKNOWN") != 0, "a result that is no error");
            check(code != WM_EINTERNAL && code != WM_ENOMEM, "an internal error");
            check_text(mark);
        }
        return result;
    }

    /// The same for what returns an object or an id: none is a failure.
    template <class Fn> auto make(Fn fn)
    {
        std::string mark = set_mark();
        auto made = fn();
        if (!made)
            check_text(mark);
        return made;
    }

    /// Calls what has no result, and calls back nothing; false when it was refused.
    template <class Fn> bool done(Fn fn)
    {
        std::string mark = set_mark();
        fn();
        return mark == wm_last_error();
    }

    /// As call(), for what may call back: until it returns, a free of the app waits.
    template <class Fn> int64_t enter(App &app, Fn fn)
    {
        if (app.inside++ == 0)
            app.holder = std::this_thread::get_id();
        int64_t result = call(fn);
        if (--app.inside == 0 && app.free_later)
            forget(app);
        return result;
    }

    // ---- registrations

    User *user(bool fires_once = false)
    {
        users_.emplace_back();
        users_.back().fires_once = fires_once;
        return &users_.back();
    }
    /// Before the call that registers it, as it may be destroyed inside; a call that fails leaves it the caller's.
    static void registered(User *user) { user->state = User::State::kRegistered; }
    static void failed(User *user)
    {
        check(user->state == User::State::kRegistered && user->fired == 0, "a failed registration has used its user pointer");
        user->state = User::State::kOwn;
    }
    static void destroy(void *user)
    {
        User *self = static_cast<User *>(user);
        check(self->state == User::State::kRegistered, "a second destroy, or one without a registration");
        check(!self->needs_result, "a destroy in front of the result");
        self->state = User::State::kDestroyed;
    }
    /// A callback or a record shows that pointer.
    static void used(void *user)
    {
        User *self = static_cast<User *>(user);
        check(!self || self->state == User::State::kRegistered, "a user pointer behind its destroy");
        check(!self || !self->fires_once || ++self->fired == 1, "what is called once was called twice");
    }

    // ---- apps

    void begin_poll(App &app)
    {
        check(app.count == 0 || hash_of(app) == app.hash, "what a record points to changed before the next poll");
        app.count = 0;
    }

    /// Takes the records of a poll.
    void end_poll(App &app, size_t count)
    {
        app.count = count;
        app.hash = hash_of(app);
        for (size_t i = 0; i < count; i++)
            event(app.batch[i], app);
    }

    /// The app is freed, and all that it owns with it.
    void forget(App &app)
    {
        std::erase_if(workers, [&](const Worker &worker) { return worker.app == &app; });
        std::erase_if(clients, [&](const Client &client) { return client.app == &app; });
        std::erase_if(hubs, [&](const Hub &hub) { return hub.app == &app; });
        app.app = nullptr;
        app.count = 0;
        for (auto &[id, conn] : conns) {
            if (conn.app != &app)
                continue;
            check(wm_conn_send(id, nullptr, 0, 0) == WM_ECLOSED, "a connection behind the free of its app");
            conn.is_strict = conn.is_strict && (app.is_drained || conn.by_callbacks);
        }
    }

    /// Callbacks of the app's workers change: events come where they came not before.
    void not_strict(const App &app)
    {
        for (Worker &worker : workers)
            worker.is_strict = worker.is_strict && worker.app != &app;
        for (Client &client : clients)
            client.is_strict = client.is_strict && client.app != &app;
        for (auto &[id, conn] : conns)
            conn.is_strict = conn.is_strict && conn.app != &app;
    }

    /// The app runs without a poll: events without a callback are lost.
    void without_records(const App &app)
    {
        for (Worker &worker : workers)
            worker.is_strict = worker.is_strict && (worker.app != &app || worker.by_callbacks);
        for (Client &client : clients)
            client.is_strict = client.is_strict && (client.app != &app || client.by_callbacks);
        for (auto &[id, conn] : conns)
            conn.is_strict = conn.is_strict && (conn.app != &app || conn.by_callbacks);
    }

    static void touch(const void *data, size_t len)
    {
        static volatile unsigned sum = 0;
        for (size_t i = 0; i < len; i++)
            sum = sum + static_cast<const unsigned char *>(data)[i];
    }

    // ---- events

    void event(const wm_event &event, App &app)
    {
        check(event.data || event.len == 0, "data of a length, at NULL");
        if (event.kind == WM_EVENT_HUB_MESSAGE)
            touch(static_cast<const char *>(event.data) - event.detail, event.len + static_cast<size_t>(event.detail));
        used(event.user);
        if (event.kind == WM_EVENT_TIMER || event.kind == WM_EVENT_POST || event.kind == WM_EVENT_HUB || event.kind == WM_EVENT_WATCH ||
            event.kind == WM_EVENT_SIGNAL || event.kind == WM_EVENT_HUB_MESSAGE)
            return;
        if (event.kind == WM_EVENT_STOP || event.kind == WM_EVENT_RELOAD) {
            check(event.conn == 0 && wm_worker_address(event.worker)[0] != '\0', "a stop of a connection, or of no worker");
            return;
        }
        Conn &conn = conns[event.conn];
        if (conn.stage == Conn::Stage::kNew)
            first_seen(conn, event, app);
        check(event.conn != 0 && conn.app == &app, "an event of no connection");
        if (conn.stage == Conn::Stage::kClosed) { // where callbacks have changed, one of this poll may come before its records
            check(!conn.is_strict, "an event behind its close");
            return;
        }
        in_order(event, conn);
        if (event.kind == WM_EVENT_BODY || event.kind == WM_EVENT_PART)
            piece(event, conn);
        else if (event.kind == WM_EVENT_HANDSHAKE || event.id != 0)
            arrived(event);
    }

    // ---- requests

    /// What wm_request_keep has kept stays as it was.
    void check_kept(wm_request id)
    {
        auto known = requests.find(id);
        bool is_kept = known != requests.end() && known->second.is_kept;
        const Request &request = is_kept ? known->second : nothing_;
        const void *data;
        size_t len;
        auto same = [&](int (*get)(wm_request, const void **, size_t *), const std::string &expected) {
            int64_t result = call([&] { return get(id, &data, &len); });
            check(result != 0 || !is_kept || (len == expected.size() && memcmp(data, expected.data(), len) == 0),
                  "a kept request has changed");
        };
        same(wm_request_method, request.method);
        same(wm_request_target, request.target);
        same(wm_request_body, request.body);
    }

    void keep(wm_request id)
    {
        auto known = requests.find(id);
        bool is_kept = known != requests.end() && known->second.is_kept;
        if (call([&] { return wm_request_keep(id); }) != 0 || is_kept)
            return;
        check(known != requests.end(), "a request that never came");
        Request &request = known->second;
        read(wm_request_method, id, request.method);
        read(wm_request_target, id, request.target);
        read(wm_request_body, id, request.body);
        request.is_kept = true;
    }

    /// When every app is freed.
    void check_end()
    {
        for (const auto &[id, conn] : conns)
            check(!conn.is_strict || conn.stage == Conn::Stage::kClosed, "a connection without its close");
        for (const User &user : users_) {
            check(user.state != User::State::kRegistered, "a registration without its destroy");
            check(!user.needs_result, "a hub call without its result");
        }
    }

private:
    void first_seen(Conn &conn, const wm_event &event, App &app)
    {
        conn.app = &app;
        conn.is_clients = event.worker == nullptr;
        conn.is_strict = false; // of a client that has been freed, nothing is known
        if (const Worker *worker = find(event.worker)) {
            conn.by_callbacks = worker->by_callbacks;
            conn.is_strict = worker->is_strict;
        }
        const wm_client *made = conn.is_clients ? wm_conn_client(event.conn) : nullptr;
        for (const Client &client : clients)
            if (made && client.client == made) {
                conn.by_callbacks = client.by_callbacks;
                conn.is_strict = client.is_strict;
            }
    }

    const Worker *find(const wm_worker *worker) const
    {
        for (const Worker &known : workers)
            if (known.worker == worker)
                return &known;
        return nullptr;
    }

    std::string set_mark()
    {
        wm_log(++marks_ % 1000000 + 1000, nullptr, 0);
        return wm_last_error();
    }

    static void check_text(const std::string &mark)
    {
        check(wm_last_error()[0] != '\0' && mark != wm_last_error(), "an error without a text");
    }

    uint64_t hash_of(const App &app)
    {
        uint64_t hash = 14695981039346656037u;
        for (size_t i = 0; i < app.count; i++) {
            const wm_event &event = app.batch[i];
            for (size_t at = 0; at < event.len; at++)
                hash = (hash ^ static_cast<const unsigned char *>(event.data)[at]) * 1099511628211u;
            if (event.kind == WM_EVENT_PART)
                touch_part(*static_cast<const wm_part *>(event.data));
            hash += event.worker ? strlen(wm_worker_address(event.worker)) : 0;
        }
        return hash;
    }

    static void in_order(const wm_event &event, Conn &conn)
    {
        using enum Conn::Stage;
        Conn::Stage before = conn.stage;
        bool strict = conn.is_strict;
        bool fails = conn.is_clients && before == kNew && (event.kind == WM_EVENT_ERROR || event.kind == WM_EVENT_CLOSE);
        check(!strict || fails || (before == kNew) == (event.kind == WM_EVENT_CONNECT), "the first event is not connect");
        if (before == kNew && !fails)
            conn.stage = kConnected;
        switch (event.kind) {
        case WM_EVENT_OPEN:
            check(before != kOpen || !strict, "a second open");
            conn.stage = kOpen;
            break;
        case WM_EVENT_MESSAGE:
            check(event.data && (!strict || before == kOpen), "a message before the open");
            check(((event.flags & 255) == WM_KIND_HTTP || (event.flags & 255) == WM_KIND_HTTP_HEAD) == (event.id != 0),
                  "a request without an id");
            break;
        case WM_EVENT_BODY:
        case WM_EVENT_PART:
            check(event.data && event.id != 0 && (!strict || before == kOpen), "a piece before the open");
            break;
        case WM_EVENT_PING:
        case WM_EVENT_PONG:
            check(event.data && event.len <= 125 && (!strict || before == kOpen), "a ping before the open, or of more than 125 bytes");
            break;
        case WM_EVENT_BUFFER_FULL:
        case WM_EVENT_BUFFER_DRAIN:
            check(!strict || (before == kOpen && conn.is_full == (event.kind == WM_EVENT_BUFFER_DRAIN)),
                  "full and drain do not take turns");
            conn.is_full = event.kind == WM_EVENT_BUFFER_FULL;
            break;
        case WM_EVENT_ERROR:
            check(event.code < 0 && event.len > 0, "an error event without code or text");
            break;
        case WM_EVENT_CLOSING:
            check(!strict || before == kOpen, "a closing event of one that is not open");
            break;
        case WM_EVENT_CLOSE:
            check((event.flags & 255) >= WM_REASON_PEER && (event.flags & 255) <= WM_REASON_PIPE, "a close without a reason");
            conn.stage = kClosed;
            break;
        default:
            check(event.kind == WM_EVENT_CONNECT || event.kind == WM_EVENT_HANDSHAKE, "an event of no kind");
        }
    }

    void arrived(const wm_event &event)
    {
        check(!requests.contains(event.id), "a request that comes twice");
        Request &request = requests[event.id];
        request.conn = event.conn;
        request.number = static_cast<unsigned>(requests.size());
        request.comes_in_pieces = event.kind == WM_EVENT_MESSAGE && (event.flags & 255) == WM_KIND_HTTP_HEAD;
    }

    void piece(const wm_event &event, const Conn &conn)
    {
        auto known = requests.find(event.id);
        bool comes = known != requests.end() && known->second.comes_in_pieces && !known->second.is_whole;
        check(comes || !conn.is_strict, "a piece of no body, or behind its last one");
        if (event.kind == WM_EVENT_PART)
            touch_part(*static_cast<const wm_part *>(event.data));
        else if (comes)
            known->second.is_whole = event.flags == 1;
    }

    static void touch_part(const wm_part &part)
    {
        touch(part.name, part.name_len);
        touch(part.filename, part.filename_len);
        touch(part.type, part.type_len);
        touch(part.headers, part.headers_len);
        touch(part.data, part.data_len);
        check(part.size >= static_cast<int64_t>(part.data_len) && (part.fd < 0 || part.error == 0), "a part that is none");
    }

    void read(int (*get)(wm_request, const void **, size_t *), wm_request id, std::string &out)
    {
        const void *data = nullptr;
        size_t len = 0;
        check(get(id, &data, &len) == 0, "a kept request that cannot be read");
        out.assign(static_cast<const char *>(data), len);
    }

    std::deque<User> users_;
    const Request nothing_ = {};
    int32_t marks_ = 0;
};

} // namespace fuzz

#endif
