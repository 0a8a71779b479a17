/**
 * @file
 * The frame of every function of the C API: checks the handle and the thread, and turns exceptions into errors.
 */
#ifndef WM_API_GUARD_H
#define WM_API_GUARD_H

#include "conn/send_flags.h"
#include "core/error.h"
#include "core/id.h"
#include "worker/app.h"
#include "worker/client.h"
#include "worker/handles.h"
#include "worker/worker.h"

#include <cstdint>
#include <new>
#include <string_view>

namespace wm {

inline int no_memory()
{
    return fail(WM_ENOMEM, "out of memory");
}

/// Calls body(). std::bad_alloc, the only exception that is expected here, becomes WM_ENOMEM.
template <class Body> int guarded(Body body)
{
    try {
        return static_cast<int>(body());
    } catch (const std::bad_alloc &) {
        return no_memory();
    } catch (...) {
        return fail(WM_EINTERNAL, "unexpected exception");
    }
}

/// WM_EINVAL for an argument that is NULL and must not be.
inline int null_argument(const char *name)
{
    return fail(WM_EINVAL, "%s is NULL", name);
}

/// Puts a callback in the place of another, of which destroy runs at the end of the turn: 0 or WM_ENOMEM.
template <class Function> int replace(Reactor &reactor, Callback<Function> &place, const Callback<Function> &callback)
{
    Callback<Function> old = place;
    if (!reactor.reserve_retire(old.destroy))
        return no_memory();
    place = callback;
    reactor.retire(old.user, old.destroy);
    return 0;
}

/// As null_argument() for a handle: the detail says why the constructor has failed, if the last one of that kind in this thread has.
int no_handle(const char *name);

/// What a constructor returns: remembers for no_handle whether it has failed. `name` is static.
void note_constructor(const char *name, bool failed);
template <class Handle> Handle *constructed(const char *name, Handle *made)
{
    note_constructor(name, !made);
    return made;
}

/// Calls body(app) on the app's thread; an error on another.
template <class Body> int with_app(wm_app *app, Body body)
{
    if (!app)
        return no_handle("app");
    if (!object(app)->on_thread())
        return object(app)->wrong_thread();
    return guarded([&] { return body(*object(app)); });
}

template <class Body> int with_worker(wm_worker *worker, Body body)
{
    if (!worker)
        return no_handle("worker");
    if (!object(worker)->app().on_thread())
        return object(worker)->app().wrong_thread();
    return guarded([&] { return body(*object(worker)); });
}

template <class Body> int with_client(wm_client *client, Body body)
{
    if (!client)
        return no_handle("client");
    if (!object(client)->app().on_thread())
        return object(client)->app().wrong_thread();
    return guarded([&] { return body(*object(client)); });
}

inline App *app_of(wm_app *app)
{
    return app ? object(app) : nullptr;
}

inline App *app_of(wm_worker *worker)
{
    return worker ? &object(worker)->app() : nullptr;
}

inline App *app_of(wm_client *client)
{
    return client ? &object(client)->app() : nullptr;
}

/// Returns the result of a call that sets an app up, as configuring and registering do; an error is kept for the start.
inline int noted(App *app, const SetupCall &call, int result)
{
    if (app)
        app->note_setup(call, result);
    return result;
}

inline int gone()
{
    return fail(WM_ECLOSED, "no such connection: it has closed, or never existed");
}

/// No object in memory is as long, and no sum of a few lengths up to it wraps.
inline constexpr size_t kMaxLength = SIZE_MAX / 8;

/// WM_EINVAL, with what is wrong with that (data, len) in the detail.
[[gnu::cold]] int bad_span(const char *what, size_t len, bool null);

/// The check of every (data, len) that a host gives: 0, or WM_EINVAL. NULL with a length of 0 is empty.
inline int check_span(const char *what, const void *data, size_t len)
{
    return len > kMaxLength || (!data && len > 0) ? bad_span(what, len, !data) : 0;
}

/// WM_EINVAL, with what those flags are for in the detail.
[[gnu::cold]] int bad_flags(int32_t unknown);

inline constexpr int32_t kHubSendFlags = kSendFlags | WM_SEND_FIRST;

/// 0 for one WM_SEND_SLOW_... and nothing else, or WM_EINVAL: of the flags that are not among the usual ones.
int check_slow_flags(int32_t rest);

/// 0, or WM_EINVAL for flags that are not among the `known` ones.
inline int check_flags(int32_t flags, int32_t known = kSendFlags)
{
    return flags & ~known ? bad_flags(flags & ~known) : 0;
}

/// Both, for what is to be sent to connections: with a WM_SEND_SLOW_..., too.
inline int check_message(const void *data, size_t len, int32_t flags, int32_t known = kSendFlags)
{
    if (flags & ~known) [[unlikely]]
        if (int wrong = check_slow_flags(flags & ~known))
            return wrong;
    return check_span("data", data, len);
}

/// The check of a name of the host's: 0, or WM_EINVAL for one that is NULL, empty, or longer than that.
[[gnu::cold]] int bad_name(const char *what, bool null, size_t len, size_t most);
inline int check_name(const char *what, const void *name, size_t len, size_t most)
{
    return !name || len == 0 || len > most ? bad_name(what, !name, len, most) : 0;
}

/// Both, and the key of a message that a newer one may replace.
inline int check_latest(const void *key, size_t key_len, const void *data, size_t len, int32_t flags, int32_t known = kSendFlags)
{
    if (int wrong = check_name("key", key, key_len, Backlog::kMaxKey))
        return wrong;
    if (int wrong = check_flags(flags, known))
        return wrong;
    return check_span("data", data, len);
}

inline std::string_view span(const void *data, size_t len)
{
    return {static_cast<const char *>(data), len};
}

/// WM_ETHREAD or WM_EFORK if the connection is alive on another thread or in the parent process, else WM_ECLOSED.
int why_not_found(wm_conn conn);
/// The same for an id of another kind that the calling thread's apps do not have; without its app, fails with `text`.
int why_not_found(uint32_t app_index, const char *text);

/// The connection of an id, on its app's thread; else nullptr, with WM_ECLOSED or WM_ETHREAD in *code. Always inline: it has so many
/// callers that a call would come with it, for each message.
[[gnu::always_inline]] inline Connection *find_connection(wm_conn conn, int *code)
{
    if (is_connection_id(conn)) [[likely]] {
        Id id = unpack_id(conn);
        App *app = App::of_this_thread(id.app);
        Connection *found = app ? app->reactor.connections.find(id.slot, id.generation) : nullptr;
        if (found) [[likely]]
            return found;
    }
    *code = why_not_found(conn);
    return nullptr;
}

template <class Body> int with_connection(wm_conn id, Body body)
{
    int code = 0;
    Connection *conn = find_connection(id, &code);
    if (!conn)
        return code;
    return guarded([&] { return body(*conn); });
}

/// Posts a command with copies of its texts to the mailbox of an app. `extra` has at most 65535 bytes. Returns as Commands::post, or
/// WM_ECLOSED, WM_ENOMEM.
int post_command(uint32_t app_index, Command command, std::string_view head, std::string_view body, std::string_view extra = {});

} // namespace wm

#endif
