// An app with one worker and clients on raw sockets, all on one thread, for the tests of shutdown and of
// conn/.
#ifndef UNIT_SHUTDOWN_RIG_H
#define UNIT_SHUTDOWN_RIG_H

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>

#include "proto/websocket/frame.h"
#include "wm/wm.h"
#include "worker/app.h"
#include "worker/handles.h"
#include "worker/worker.h"

#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

constexpr int64_t kLong = 60000; // ms; a guard for tests that hang, not a measurement

inline int64_t clock_ms()
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// One way to receive events: cap 0: callbacks, else the number of records per poll.
struct Mode {
    const char *name;
    size_t cap;
};

inline constexpr Mode kModes[] = {{"callbacks", 0}, {"poll of 256", 256}, {"poll of 1", 1}};

struct Seen {
    uint32_t kind;
    uint32_t flags; ///< CLOSE: the reason
    wm_conn conn;
    uint64_t id;
    std::string data;
    int32_t code, detail;
};

class Rig {
public:
    Rig(void **state, const char *address) : cap_(static_cast<const Mode *>(*state)->cap), app(wm_app_new())
    {
        assert_non_null(app);
        worker = wm_worker_new(app, address);
        assert_non_null(worker);
        assert_int_equal(wm_worker_on_stop(worker, &Rig::stopped, this, nullptr), 0);
        if (cap_ == 0)
            watch();
        assert_int_equal(wm_worker_listen(worker), 0);
        turn(0);
    }
    Rig(const Rig &) = delete;
    Rig &operator=(const Rig &) = delete;
    ~Rig() { wm_app_free(app); }

    /// Takes effect at the end of the next turn.
    void drain(int64_t spread_ms, int64_t timeout_ms)
    {
        wm::object(app)->request_drain(spread_ms, timeout_ms, wm::websocket::kServiceRestart);
    }

    /// Whether events come as records, and how many at a time; 0: as callbacks.
    size_t cap() const { return cap_; }

    int turn(int64_t timeout_ms = 5)
    {
        if (cap_ == 0)
            return wm_app_run_once(app, timeout_ms);
        wm_event batch[256];
        int count = wm_app_poll(app, batch, cap_, timeout_ms);
        for (int i = 0; i < count; i++)
            take(batch[i]);
        return count < 0 ? count : 0;
    }

    template <class Condition> void until(Condition condition)
    {
        for (int64_t guard = clock_ms() + kLong; !condition(); turn())
            assert_true(clock_ms() < guard);
    }

    /// Runs enough turns without waiting that everything that is due has happened.
    void settle()
    {
        for (int i = 0; i < 30; i++)
            turn(0);
    }

    void until_stopped()
    {
        for (int64_t guard = clock_ms() + kLong; turn() != WM_ESTOPPED;)
            assert_true(clock_ms() < guard);
    }

    size_t count(uint32_t kind) const
    {
        size_t found = 0;
        for (const Seen &event : events)
            found += event.kind == kind;
        return found;
    }

    const Seen &nth(uint32_t kind, size_t n) const
    {
        for (const Seen &event : events)
            if (event.kind == kind && n-- == 0)
                return event;
        fail_msg("there is no such event of kind %u", kind);
        return events.back();
    }

private:
    size_t cap_;

public:
    wm_app *app;
    wm_worker *worker = nullptr;
    std::vector<Seen> events;
    std::function<void(const Seen &)> react;
    int stops = 0; ///< calls of on_stop

private:
    void take(const wm_event &event)
    {
        std::string data(static_cast<const char *>(event.data ? event.data : ""), event.len);
        events.push_back({event.kind, event.flags, event.conn, event.id, data, event.code, event.detail});
        if (react)
            react(Seen(events.back()));
    }

    void take(uint32_t kind, wm_conn conn, uint64_t id, const void *data, size_t len, int32_t reason = 0, int32_t detail = 0)
    {
        wm_event event = {};
        event.kind = kind;
        event.conn = conn;
        event.id = id;
        event.data = data;
        event.len = len;
        event.flags = static_cast<uint32_t>(reason);
        event.detail = detail;
        take(event);
    }

    void watch()
    {
        wm_worker_on_open(
            worker, [](wm_worker *, wm_conn conn, void *self) { static_cast<Rig *>(self)->take(WM_EVENT_OPEN, conn, 0, "", 0); }, this,
            nullptr);
        wm_worker_on_message(
            worker,
            [](wm_worker *, wm_conn conn, const void *data, size_t len, int32_t, void *self) {
                static_cast<Rig *>(self)->take(WM_EVENT_MESSAGE, conn, wm_message_request(conn), data, len);
            },
            this, nullptr);
        wm_worker_on_closing(
            worker, [](wm_worker *, wm_conn conn, void *self) { static_cast<Rig *>(self)->take(WM_EVENT_CLOSING, conn, 0, "", 0); }, this,
            nullptr);
        wm_worker_on_close(
            worker,
            [](wm_worker *, wm_conn conn, int32_t reason, int32_t code, const void *text, size_t len, void *self) {
                static_cast<Rig *>(self)->take(WM_EVENT_CLOSE, conn, 0, text, len, reason, code);
            },
            this, nullptr);
    }

    static void stopped(wm_worker *, void *self) { static_cast<Rig *>(self)->stops++; }
};

class Client {
public:
    explicit Client(Rig &rig) : rig_(rig), fd_(connect_to(wm_worker_address(rig.worker))) { assert_true(fd_ >= 0); }
    Client(Client &&other) noexcept : in(std::move(other.in)), rig_(other.rig_), fd_(other.fd_), end_(other.end_) { other.fd_ = -1; }
    Client(const Client &) = delete;
    Client &operator=(const Client &) = delete;
    ~Client()
    {
        if (fd_ >= 0)
            close(fd_);
    }

    /// -1 when the address has no listener.
    static int connect_to(const char *address)
    {
        sockaddr_storage storage = {};
        socklen_t len = sizeof(sockaddr_in);
        if (strncmp(address, "unix://", 7) == 0) {
            auto *un = reinterpret_cast<sockaddr_un *>(&storage);
            un->sun_family = AF_UNIX;
            strncpy(un->sun_path, address + 7, sizeof un->sun_path - 1);
            len = sizeof *un;
        } else {
            auto *in4 = reinterpret_cast<sockaddr_in *>(&storage);
            in4->sin_family = AF_INET;
            in4->sin_port = htons(static_cast<uint16_t>(atoi(strrchr(address, ':') + 1)));
            in4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        }
        int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(fd, reinterpret_cast<sockaddr *>(&storage), len) == 0)
            return fd;
        close(fd);
        return -1;
    }

    void say(const std::string &text)
    {
        assert_int_equal(send(fd_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    }

    /// False when the socket takes no more, or has failed.
    bool try_say(const std::string &text)
    {
        return send(fd_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT) == static_cast<ssize_t>(text.size());
    }

    void end_writing() { assert_int_equal(shutdown(fd_, SHUT_WR), 0); }

    void pump()
    {
        char buffer[65536];
        while (end_ == 0) {
            ssize_t got = recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
            if (got < 0 && errno == EAGAIN)
                return;
            if (got > 0)
                in.append(buffer, static_cast<size_t>(got));
            else
                end_ = got == 0 ? -1 : errno;
        }
    }

    bool ended()
    {
        pump();
        return end_ != 0;
    }

    bool has(const std::string &text)
    {
        pump();
        return in.find(text) != std::string::npos;
    }

    /// Expects EOF as the next input, not a reset; then closes.
    void hear_end()
    {
        rig_.until([this] { return ended(); });
        assert_int_equal(end_, -1);
        assert_string_equal(in.c_str(), "");
        close(fd_);
        fd_ = -1;
    }

    /// Reads one whole answer; true when it announces that the connection closes.
    bool hear_answer(const std::string &body)
    {
        rig_.until([this] { return has("\r\n\r\n") || ended(); });
        size_t head_end = in.find("\r\n\r\n");
        if (head_end == std::string::npos)
            fail_msg("no answer: \"%s\"", in.c_str());
        std::string head = in.substr(0, head_end + 4);
        size_t whole = head.size() + body.size();
        rig_.until([&] { return ended() || in.size() >= whole; });
        assert_string_equal(in.substr(head.size(), body.size()).c_str(), body.c_str());
        in.erase(0, whole);
        return head.find("\r\nConnection: close\r\n") != std::string::npos;
    }

    void hear(const std::string &text)
    {
        rig_.until([&] { return ended() || in.size() >= text.size(); });
        assert_string_equal(in.substr(0, text.size()).c_str(), text.c_str());
        in.erase(0, text.size());
    }

    // ---- websocket

    static const char *handshake()
    {
        return "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    }

    void hear_handshake()
    {
        rig_.until([this] { return has("\r\n\r\n"); });
        assert_true(in.starts_with("HTTP/1.1 101 "));
        in.erase(0, in.find("\r\n\r\n") + 4);
    }

    /// A frame with a mask of zeros.
    static std::string frame(char first, const std::string &payload)
    {
        std::string header = {first, static_cast<char>(0x80 | payload.size()), 0, 0, 0, 0};
        return header + payload;
    }

    /// The code of a close frame if that is the next input, else 0.
    int close_code()
    {
        pump();
        if (in.size() < 4)
            return 0;
        assert_int_equal(static_cast<unsigned char>(in[0]), 0x88);
        return static_cast<unsigned char>(in[2]) << 8 | static_cast<unsigned char>(in[3]);
    }

    /// Expects a close frame with that code, answers it, and expects EOF.
    void hear_close(int code)
    {
        rig_.until([this] { return close_code() != 0 || ended(); });
        assert_int_equal(close_code(), code);
        assert_int_equal(in.size(), 4);
        say(frame(static_cast<char>(0x88), in.substr(2, 2)));
        in.clear();
        hear_end();
    }

    std::string in;

private:
    Rig &rig_;
    int fd_;
    int end_ = 0; ///< -1: end of file, else the errno of the receive that failed
};

inline Client websocket_client(Rig &rig)
{
    size_t opens = rig.count(WM_EVENT_OPEN);
    Client client(rig);
    client.say(Client::handshake());
    client.hear_handshake();
    rig.until([&] { return rig.count(WM_EVENT_OPEN) == opens + 1; });
    return client;
}

/// A client whose connection has opened.
inline Client client_open(Rig &rig)
{
    size_t opens = rig.count(WM_EVENT_OPEN);
    Client client(rig);
    rig.until([&] { return rig.count(WM_EVENT_OPEN) == opens + 1; });
    return client;
}

struct Scenario {
    const char *name;
    void (*run)(void **state);
};

/// Each scenario in each mode.
inline int run_scenarios(const char *group, const std::vector<Scenario> &scenarios)
{
    std::vector<std::string> names;
    for (const Scenario &scenario : scenarios)
        for (const Mode &mode : kModes)
            names.push_back(std::string(scenario.name) + " [" + mode.name + "]");
    std::vector<CMUnitTest> tests;
    for (const Scenario &scenario : scenarios)
        for (const Mode &mode : kModes)
            tests.push_back({names[tests.size()].c_str(), scenario.run, nullptr, nullptr, const_cast<Mode *>(&mode)});
    return _cmocka_run_group_tests(group, tests.data(), tests.size(), nullptr, nullptr);
}

#endif
