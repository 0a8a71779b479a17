#include "api/guard.h"
#include "wm/http_file.h"
#include "worker/commands.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

namespace wm {

namespace {

/// The constructor that has failed last in this thread; name nullptr: none since.
struct Failed {
    const char *name;
    char why[512];
};

thread_local Failed failed;

} // namespace

void note_constructor(const char *name, bool has_failed)
{
    if (has_failed) {
        failed.name = name;
        snprintf(failed.why, sizeof failed.why, "%s", last_error());
    } else if (failed.name && strcmp(failed.name, name) == 0) {
        failed.name = nullptr;
    }
}

int no_handle(const char *name)
{
    if (!failed.name || strcmp(failed.name, name) != 0)
        return null_argument(name);
    return fail(WM_EINVAL, "%s is NULL; wm_%s_new has failed: %s", name, name, failed.why);
}

int bad_span(const char *what, size_t len, bool null)
{
    return null ? null_argument(what) : fail(WM_EINVAL, "%s has %zu bytes, which no object in memory has", what, len);
}

int bad_name(const char *what, bool null, size_t len, size_t most)
{
    if (null)
        return null_argument(what);
    return len == 0 ? fail(WM_EINVAL, "%s is empty", what) : fail(WM_EINVAL, "%s has over %zu bytes", what, most);
}

int check_slow_flags(int32_t rest)
{
    if (rest & ~kSlowFlags)
        return bad_flags(rest & ~kSlowFlags);
    return (rest & (rest - 1)) == 0 ? 0
                                    : fail(WM_EINVAL, "flags %#x: a message has one WM_SEND_SLOW_... at most", static_cast<unsigned>(rest));
}

int bad_flags(int32_t unknown)
{
    if ((unknown & ~kSlowFlags) == 0)
        return fail(WM_EINVAL, "flags %#x: WM_SEND_SLOW_... is for messages without a key to connections, not for answers of http",
                    static_cast<unsigned>(unknown));
    if (unknown == WM_SEND_FIRST)
        return fail(WM_EINVAL, "WM_SEND_FIRST is for wm_hub_send, wm_hub_broadcast, wm_hub_broadcast_except and wm_hub_group_send alone: "
                               "they ask several processes");
    if ((unknown & ~(int32_t{WM_FILE_CONDITIONAL} | int32_t{WM_FILE_PRECOMPRESSED})) == 0)
        return fail(WM_EINVAL,
                    "flags %#x: WM_FILE_CONDITIONAL is for wm_request_respond_fd and wm_request_respond_file, "
                    "WM_FILE_PRECOMPRESSED for wm_request_respond_file alone",
                    static_cast<unsigned>(unknown));
    return fail(WM_EINVAL, "flags %#x are not WM_SEND_...", static_cast<unsigned>(unknown));
}

int why_not_found(wm_conn conn)
{
    Id id = unpack_id(conn);
    Mailbox *mailbox = Mailbox::at(id.app);
    if (App::of_this_thread(id.app) || !mailbox || id.kind != IdKind::kConn || conn == 0)
        return gone();
    std::lock_guard<std::mutex> lock(mailbox->mutex);
    bool live = mailbox->app && !mailbox->closing && mailbox->app->reactor.connections.is_live(id.slot, id.generation);
    return live ? mailbox->wrong_thread() : gone();
}

int why_not_found(uint32_t app_index, const char *text)
{
    const Mailbox *mailbox = Mailbox::at(app_index);
    bool elsewhere = mailbox && mailbox->owner.load(std::memory_order_relaxed) && !App::of_this_thread(app_index);
    return elsewhere ? mailbox->wrong_thread() : fail(WM_ECLOSED, "%s", text);
}

int post_command(uint32_t app_index, Command command, std::string_view head, std::string_view body, std::string_view extra)
{
    Mailbox *mailbox = Mailbox::at(app_index);
    if (!mailbox)
        return gone();
    command.head_len = head.size();
    command.len = body.size();
    command.extra_len = static_cast<uint16_t>(extra.size());
    std::lock_guard<std::mutex> lock(mailbox->mutex);
    if (mailbox->forked())
        return Mailbox::fail_forked();
    App *app = mailbox->closing ? nullptr : mailbox->app;
    Id id = unpack_id(command.conn);
    if (!app || (command.conn && !app->reactor.connections.is_live(id.slot, id.generation)))
        return gone();
    if (command.cost() > mailbox->limit)
        return fail(WM_EMSGSIZE, "a message of %zu bytes can never be posted: it is over max_mailbox (%zu)", body.size(), mailbox->limit);
    if (int wrong = app->commands->check_locked(command.cost()))
        return wrong;
    char *out = static_cast<char *>(malloc(head.size() + body.size() + extra.size() + 1));
    if (!out)
        return fail(WM_ENOMEM, "out of memory for a message of %zu bytes", body.size());
    command.data = out;
    for (std::string_view part : {head, body, extra}) {
        if (!part.empty())
            memcpy(out, part.data(), part.size());
        out += part.size();
    }
    int result = app->commands->post_locked(command);
    if (result != WM_QUEUED)
        free(command.data);
    return result;
}

} // namespace wm
