/**
 * @file
 * What runs a random API program: the bytes of the program, the second thread, what calls take, and the callbacks, in which the program
 * goes on.
 */
#ifndef FUZZ_API_MACHINE_H
#define FUZZ_API_MACHINE_H

#include "api_files.h"
#include "api_peers.h"
#include "api_world.h"

#include <condition_variable>
#include <functional>
#include <iterator>
#include <mutex>
#include <sys/mman.h>

namespace fuzz {

inline constexpr int kMaxDepth = 4; ///< of callbacks in which the program goes on
inline constexpr size_t kRoom = 256 * 1024;

/// The program: what it still has to say.
class Program {
public:
    Program(const uint8_t *data, size_t size) : at_(data), end_(data + size) {}

    bool ended() const { return at_ == end_; }
    uint8_t byte() { return at_ < end_ ? *at_++ : 0; }
    size_t pick(size_t count) { return byte() % count; }
    std::string_view bytes()
    {
        size_t len = byte(); // in front of what is left behind it
        len = std::min(len, static_cast<size_t>(end_ - at_));
        std::string_view out(reinterpret_cast<const char *>(at_), len);
        at_ += len;
        return out;
    }
    template <class List> const auto &one_of(const List &list) { return list[pick(std::size(list))]; }

private:
    const uint8_t *at_, *end_;
};

/// Runs functions one by one on a thread of its own, while the caller waits.
class OtherThread {
public:
    void run(const std::function<void()> &job)
    {
        std::unique_lock lock(mutex_);
        job_ = &job;
        changed_.notify_all();
        changed_.wait(lock, [this] { return !job_; });
    }
    bool is_this() const { return thread_.get_id() == std::this_thread::get_id(); }

private:
    void serve()
    {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [this] { return job_; });
            (*job_)();
            job_ = nullptr;
            changed_.notify_all();
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    const std::function<void()> *job_ = nullptr;
    std::thread thread_{[this] { serve(); }};
};

inline OtherThread &other_thread()
{
    static OtherThread *thread = new OtherThread; // lives as long as the process
    return *thread;
}

/// Text that ends where memory does, so that a read behind it ends the program.
inline const char *guarded(size_t len)
{
    static const char *end = [] {
        void *room = mmap(nullptr, kRoom + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        check(room != MAP_FAILED && mprotect(static_cast<char *>(room) + kRoom, 4096, PROT_NONE) == 0, "no guarded memory");
        memset(room, 'm', kRoom);
        return static_cast<const char *>(room) + kRoom;
    }();
    return end - len;
}

struct Span {
    const char *data;
    size_t len;
    bool lies;
};

inline constexpr size_t kLies[] = {SIZE_MAX,         SIZE_MAX - 96, SIZE_MAX / 2 + 1, SIZE_MAX / 2,
                                   SIZE_MAX / 8 + 1, SIZE_MAX / 8,  size_t{1} << 41};
inline constexpr size_t kSizes[] = {0, 1, 2, 125, 126, 200, 255, 256, 1000, 4096, 16384, 16385, 65535, 65536, kRoom};
inline constexpr int64_t kNumbers[] = {0,  1,         2,        3, 10, 100, 4096, 65536, 1 << 20, int64_t{1} << 31, int64_t{1} << 40,
                                       -1, INT64_MIN, INT64_MAX};
inline constexpr int64_t kTimes[] = {0, 0, 0, int64_t{1} << 40, -1, INT64_MIN, INT64_MAX, (int64_t{1} << 40) + 1};
inline constexpr int32_t kFlags[] = {
    0,  0,         WM_SEND_BINARY,           WM_SEND_RAW,        WM_SEND_NOW, WM_SEND_FIRST, 15, 16, WM_SEND_UNCOMPRESSED,
    -1, INT32_MIN, WM_SEND_SLOW_DROP_OLDEST, WM_SEND_SLOW_LATEST};
/// Those of a send; of the last three one at most.
inline constexpr int32_t kSendFlags =
    WM_SEND_BINARY | WM_SEND_RAW | WM_SEND_NOW | WM_SEND_UNCOMPRESSED | WM_SEND_SLOW_CLOSE | WM_SEND_SLOW_DROP_OLDEST | WM_SEND_SLOW_LATEST;
/// Those of a send with a key.
inline constexpr int32_t kLatestFlags = WM_SEND_BINARY | WM_SEND_RAW | WM_SEND_NOW | WM_SEND_UNCOMPRESSED;
inline constexpr const char *kSchemes[] = {"unix://", "text+unix://", "websocket+unix://", "http+unix://"};
inline constexpr const char *kAddresses[] = {"",        "htp://a",       "http://[::1", "text://127.0.0.1:99999",
                                             "unix://", "text+unix://a", "tcp://@:1"};
inline constexpr std::string_view kFields[] = {
    "", "X-A: b\r\n", "Connection: close\r\n", "Content-Type: a/b\r\n", "Content-Length: 1\r\n", "bad", "A:\n"};

class Machine {
public:
    using Operation = void (*)(Machine &);

    Machine(const uint8_t *data, size_t size) : program(data, size) { running = this; }
    Machine(const Machine &) = delete;
    Machine &operator=(const Machine &) = delete;
    ~Machine() { running = nullptr; }

    Program program;
    World world;
    Peers peers;
    unsigned addresses = 0;

    /// Runs the next operation, on this thread or on the other. In fuzz_api.cpp.
    void step();

    // ---- what calls take

    App &app() { return world.apps[program.pick(world.apps.size())]; }
    Worker worker() { return world.workers.empty() ? Worker{} : program.one_of(world.workers); }
    Client client() { return world.clients.empty() ? Client{} : program.one_of(world.clients); }
    Hub hub() { return world.hubs.empty() ? Hub{} : program.one_of(world.hubs); }
    wm_conn conn() { return key(world.conns); }
    wm_request request() { return key(world.requests); }

    Span span()
    {
        size_t kind = program.byte();
        if (kind >= 240)
            return {guarded(1), program.one_of(kLies), true};
        if (kind >= 236)
            return {nullptr, kind - 236, kind > 236};
        size_t len = kSizes[kind % std::size(kSizes)];
        return {guarded(len), len, false};
    }

    /// Mostly one that is; a stop must not wait.
    const char *option(int32_t scope)
    {
        const char *name = nullptr;
        size_t index = program.byte();
        wm_option_next(scope, index % (options_of(scope) + 2), &name, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr);
        if (!name)
            return index & 1 ? "max_mesage" : nullptr;
        return strcmp(name, "stop_timeout_ms") == 0 ? "" : name;
    }

    static size_t options_of(int32_t scope)
    {
        const char *name = nullptr;
        size_t count = 0;
        while (wm_option_next(scope, count, &name, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr) == 1)
            count++;
        return count;
    }

    /// Calls fn(user), which registers it.
    template <class Fn> int64_t with_user(bool fires_once, Fn fn)
    {
        User *user = world.user(fires_once);
        World::registered(user);
        int64_t result = world.call([&] { return fn(user); });
        if (result < 0)
            World::failed(user);
        return result;
    }

    // ---- runs

    int64_t poll(App &app, int64_t timeout_ms = 0)
    {
        if (!app.app)
            return WM_ESTOPPED;
        if (app.inside > 0) // refused
            return world.call([&] { return wm_app_poll(app.app, app.batch.data(), app.batch.size(), timeout_ms); });
        world.begin_poll(app);
        wm_app *before = app.app;
        int64_t count = world.enter(app, [&] { return wm_app_poll(app.app, app.batch.data(), app.batch.size(), timeout_ms); });
        check(count <= static_cast<int64_t>(app.batch.size()), "more records than there is room for");
        if (count > 0 && app.app == before)
            world.end_poll(app, static_cast<size_t>(count));
        for (int64_t i = 0; i < count && app.app == before; i++)
            if (app.batch[static_cast<size_t>(i)].kind == WM_EVENT_PART)
                save(*static_cast<const wm_part *>(app.batch[static_cast<size_t>(i)].data));
        return count;
    }

    // ---- callbacks

    static int32_t on_start(wm_worker *, int32_t, void *user)
    {
        World::used(user);
        return running->program.byte() == 255 ? -1 : 0;
    }
    static void on_stop(wm_worker *worker, void *user) { seen(worker, {.kind = WM_EVENT_STOP, .worker = worker}, user); }
    static int32_t on_handshake(wm_worker *worker, wm_conn conn, wm_request request, void *user)
    {
        seen(worker, {.kind = WM_EVENT_HANDSHAKE, .conn = conn, .worker = worker, .id = request}, user);
        constexpr int32_t kVerdicts[] = {0, 0, WM_PENDING, -1};
        return running->program.one_of(kVerdicts);
    }
    template <uint32_t Kind> static void on_conn(wm_worker *worker, wm_conn conn, void *user)
    {
        seen(worker, {.kind = Kind, .conn = conn, .worker = worker}, user);
    }
    static void on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
    {
        wm_request request = wm_message_request(conn);
        seen(worker,
             {.kind = WM_EVENT_MESSAGE,
              .flags = static_cast<uint32_t>(kind),
              .conn = conn,
              .worker = worker,
              .data = data,
              .len = len,
              .id = request},
             user);
    }
    template <uint32_t Kind> static void on_ping(wm_worker *worker, wm_conn conn, const void *data, size_t len, void *user)
    {
        seen(worker, {.kind = Kind, .conn = conn, .worker = worker, .data = data, .len = len}, user);
    }
    static void on_body(wm_worker *worker, wm_conn conn, wm_request request, const void *data, size_t len, int32_t last, void *user)
    {
        seen(worker,
             {.kind = WM_EVENT_BODY,
              .flags = static_cast<uint32_t>(last),
              .conn = conn,
              .worker = worker,
              .data = data,
              .len = len,
              .id = request},
             user);
    }
    static void on_part(wm_worker *worker, wm_conn conn, wm_request request, const wm_part *part, const void *data, size_t len,
                        int32_t last, void *user)
    {
        check(part->data == data && part->data_len == len, "a piece that is another one than the part's");
        check(part->fd < 0 || (last == 1 && lseek(part->fd, 0, SEEK_END) == part->size), "a file that is not the part");
        running->save(*part);
        seen(worker,
             {.kind = WM_EVENT_PART,
              .flags = static_cast<uint32_t>(last),
              .conn = conn,
              .worker = worker,
              .data = part,
              .len = sizeof *part,
              .id = request},
             user);
    }
    static void on_error(wm_worker *worker, wm_conn conn, int32_t code, const void *text, size_t len, void *user)
    {
        seen(worker, {.kind = WM_EVENT_ERROR, .conn = conn, .worker = worker, .data = text, .len = len, .code = code}, user);
    }
    static void on_close(wm_worker *worker, wm_conn conn, int32_t reason, int32_t code, const void *text, size_t len, void *user)
    {
        seen(worker,
             {.kind = WM_EVENT_CLOSE,
              .flags = static_cast<uint32_t>(reason),
              .conn = conn,
              .worker = worker,
              .data = text,
              .len = len,
              .detail = code},
             user);
    }
    static void on_timer(wm_timer, void *user)
    {
        World::used(user);
        running->go_on();
    }
    static void on_post(wm_app *, void *user)
    {
        World::used(user);
        running->go_on();
    }
    static void on_result(wm_hub *, int32_t status, int64_t connections, void *user)
    {
        World::used(user);
        static_cast<User *>(user)->needs_result = false;
        check(connections >= 0 && (status == 0 || (status < 0 && connections == 0)), "a hub result that says nothing");
        if (status >= 0) // else the app may be on its way out
            running->go_on();
    }

    static Machine &current() { return *running; }

    /// Gives a part a name, at times.
    void save(const wm_part &part)
    {
        constexpr const char *kPaths[] = {"/saved", "/page.html", "/none/a", nullptr};
        const char *name = program.one_of(kPaths);
        std::string path = Files::directory() + (name ? name : "");
        int64_t result = world.call([&] { return wm_part_save(&part, name ? path.c_str() : nullptr); });
        check(result < 0 || (name == kPaths[0] && part.fd >= 0 && unlink(path.c_str()) == 0), "a part that was saved where it cannot be");
    }

    /// A few calls of the program, inside a callback.
    void go_on()
    {
        if (world.depth >= kMaxDepth)
            return;
        world.depth++;
        for (size_t calls = program.byte() % 4; calls > 0 && !program.ended(); calls--)
            step();
        world.depth--;
    }

private:
    template <class Map> uint64_t key(const Map &map)
    {
        size_t at = program.byte();
        if (map.empty() || at >= 250)
            return foreign(at);
        return std::next(map.rbegin(), static_cast<ptrdiff_t>(at % std::min<size_t>(map.size(), 8)))->first; // the newest live
    }

    /// None, an id of another kind, or one that never was.
    uint64_t foreign(size_t at)
    {
        if (at == 250)
            return 0;
        uint64_t id = !world.timers.empty() ? world.timers.back() : !world.conns.empty() ? world.conns.rbegin()->first : 1;
        return at == 251 ? UINT64_MAX : at == 252 ? id : id ^ uint64_t { 1 } << program.pick(64);
    }

    static void seen(wm_worker *worker, const wm_event &event, void *user)
    {
        World::used(user);
        World &world = running->world;
        App *app = nullptr;
        const wm_app *its = worker ? wm_worker_app(worker) : wm_client_app(wm_conn_client(event.conn));
        for (App &known : world.apps)
            if (known.app && known.app == its)
                app = &known;
        check(app, "an event of a freed app");
        if (event.kind == WM_EVENT_HANDSHAKE || event.kind == WM_EVENT_MESSAGE)
            World::used(wm_conn_user(event.conn));
        world.event(event, *app);
        running->go_on();
    }

    static inline Machine *running = nullptr;
};

} // namespace fuzz

#endif
