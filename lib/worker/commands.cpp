#include "worker/commands.h"

#include "core/error.h"
#include "core/log.h"
#include "core/reserve.h"
#include "worker/app.h"
#include "worker/handles.h"

#include <cstdlib>
#include <exception>

namespace wm {

int Commands::post(const Command &command)
{
    std::lock_guard<std::mutex> lock(mailbox_->mutex);
    int wrong = check_locked(command.cost());
    return wrong ? wrong : post_locked(command);
}

int Commands::check_locked(size_t cost) const
{
    if (mailbox_->forked())
        return Mailbox::fail_forked();
    if (mailbox_->stopped)
        return fail(WM_ESTOPPED, "the app has stopped");
    if (mailbox_->bytes + cost > mailbox_->limit)
        return fail(WM_EFULL, "%zu bytes wait in the mailbox, over max_mailbox (%zu)", mailbox_->bytes, mailbox_->limit);
    return 0;
}

int Commands::post_locked(const Command &command)
{
    if (!reserve_in(mailbox_->commands, mailbox_->commands.size() + 1))
        return fail(WM_ENOMEM, "out of memory for a command");
    mailbox_->commands.push_back(command);
    mailbox_->bytes += command.cost();
    if (!mailbox_->signalled && app_.reactor.loop.is_open()) {
        mailbox_->signalled = true;
        app_.reactor.loop.wake();
    }
    return WM_QUEUED;
}

void Commands::run()
{
    bool left = !taken_.empty();
    if (!left)
        take_mailbox();
    size_t done = 0, bytes = 0;
    while (done < taken_.size() && reserve(taken_[done])) {
        Command command = taken_[done++];
        bytes += command.cost();
        try {
            run_one(command);
        } catch (const std::exception &error) { // of a callback of the host
            log_exception("a command of another thread", error.what());
        }
        app_.reactor.overflow.release_record();
        free(command.data);
    }
    taken_.erase(taken_.begin(), taken_.begin() + static_cast<ptrdiff_t>(done));
    if (left || !taken_.empty())
        app_.reactor.loop.wake(); // the next turn takes what memory was not there for, and then the mailbox
    std::lock_guard<std::mutex> lock(mailbox_->mutex);
    mailbox_->bytes -= bytes; // a command counts until it has run
}

/// Reserves what its end may need: a record, and the call of its notifier.
bool Commands::reserve(const Command &command)
{
    if (!app_.reactor.overflow.reserve_record())
        return false;
    if (app_.reactor.reserve_retire(command.destroy))
        return true;
    app_.reactor.overflow.release_record();
    return false;
}

void Commands::take_mailbox()
{
    std::lock_guard<std::mutex> lock(mailbox_->mutex);
    taken_.swap(mailbox_->commands);
    mailbox_->signalled = false;
}

/// The caller has returned with WM_QUEUED: a failure now becomes an error event.
void Commands::run_send(Connection &conn, const Command &command)
{
    app_.reactor.callback_watch.begin(conn.owner, "error");
    Outbox &outbox = app_.reactor.outbox;
    int result = command.head_len > 0 ? outbox.send_latest(conn, command.head(), command.body(), command.flags)
                                      : outbox.send(conn, command.body(), command.flags);
    if (result == WM_EFULL)
        app_.reactor.todos.add(conn, kTodoRefused);
    else if (result < 0 && conn.state <= ConnState::kOpen)
        app_.reactor.dispatch.error(conn, result, wm_strerror(result));
    app_.reactor.callback_watch.end();
}

void Commands::run_one(Command &command)
{
    Id id = unpack_id(command.conn);
    Connection *conn = command.conn ? app_.reactor.connections.find(id.slot, id.generation) : nullptr;
    switch (command.kind) {
    case Command::Kind::kSend:
        if (conn)
            run_send(*conn, command);
        break;
    case Command::Kind::kClose:
        if (conn)
            app_.reactor.lifecycle.close(*conn, WM_REASON_LOCAL, command.flags, {command.data, command.len});
        break;
    case Command::Kind::kPost:
        app_.reactor.callback_watch.begin(nullptr, "post");
        if (command.post)
            command.post(handle(&app_), command.user);
        else
            app_.reactor.dispatch.post(command.user, command.destroy);
        app_.reactor.callback_watch.end();
        if (command.post)
            app_.reactor.retire(command.user, command.destroy);
        break;
    case Command::Kind::kPart:
        if (AppPart *part = app_.find_part(command.part))
            part->run(command);
        else
            command.gone(&app_, command);
        break;
    }
}

void Commands::refuse()
{
    std::lock_guard<std::mutex> lock(mailbox_->mutex);
    mailbox_->stopped = true;
}

void Commands::drop(bool replies)
{
    std::vector<Command> commands;
    {
        std::lock_guard<std::mutex> lock(mailbox_->mutex);
        commands.swap(mailbox_->commands);
        mailbox_->bytes = 0;
        mailbox_->signalled = false;
    }
    for (Command &command : taken_)
        drop_one(command, replies);
    taken_.clear();
    for (Command &command : commands)
        drop_one(command, replies);
}

/// The command does not run; its caller still gets the notifiers that it waits for.
void Commands::drop_one(Command &command, bool replies)
{
    free(command.data);
    if (command.gone && replies)
        command.gone(nullptr, command);
    else if (command.destroy)
        command.destroy(command.user);
}

} // namespace wm
