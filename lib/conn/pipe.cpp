#include "conn/pipe.h"

#include "conn/reactor.h"
#include "core/error.h"
#include "net/transport.h"

namespace wm {

namespace {

/// Whether the bytes before its close may be less than the peer has sent or was to get. A peer that leaves before the connection is
/// open has sent none, and taken none.
bool is_loss(const Connection &conn)
{
    int32_t reason = conn.close_reason;
    return reason == WM_REASON_ERROR || reason == WM_REASON_PROTOCOL || reason == WM_REASON_LIMIT ||
           (reason == WM_REASON_PEER && conn.state < ConnState::kOpen);
}

} // namespace

int Pipes::check(const Connection &source, const Connection &target) const
{
    auto ends = [](const Connection &conn) { return conn.state > ConnState::kOpen || conn.close_reason != 0; }; // closing() was called
    if (ends(source))
        return fail(WM_ECLOSED, "the source of the pipe is closing");
    if (ends(target) || target.has(kShutdown))
        return fail(WM_ECLOSED, "the target of the pipe is closing, or wm_conn_shutdown has ended its side");
    const Codec &in = reactor_.codec(source), &out = reactor_.codec(target);
    if (in.stream || out.stream)
        return fail(WM_ESTATE, "datagrams cannot be piped: their sender does not wait for those that the target has no room for");
    if (in.answers_only || out.answers_only)
        return fail(WM_ESTATE, "an http connection cannot be piped: its requests and answers belong together");
    if (in.carries_bytes && in.is_plain() && !out.carries_bytes)
        return fail(WM_ESTATE, "%s has no messages that could be sent on as those of %s", in.name, out.name);
    if (out.send_part)
        return fail(WM_ESTATE, "a message in parts is open to the target: wm_conn_send_end comes first");
    if (source.has(kPipeSource))
        return fail(WM_ESTATE, "the source is piped already: wm_conn_pipe(source, 0) ends that");
    if (target.has(kPipeTarget))
        return fail(WM_ESTATE, "another connection is piped to the target already");
    return 0;
}

int Pipes::begin(Connection &source, Connection &target)
{
    if (source.has(kPipeSource) && source.cold->pipe_target == &target)
        return 0;
    if (int wrong = check(source, target))
        return wrong;
    if (!source.make_cold() || !target.make_cold())
        return fail(WM_ENOMEM, "out of memory for a pipe");
    source.cold->pipe_target = &target;
    target.cold->pipe_source = &source;
    source.set(kPipeSource);
    target.set(kPipeTarget);
    if (target.has(kAboveHighWater))
        hold(target);
    if (source.has(kPeerEnded) && !(source.todo & kTodoEnd))
        source_ended(source);
    return 0;
}

void Pipes::unlink(Connection &source)
{
    Connection &target = *source.cold->pipe_target;
    source.cold->pipe_target = nullptr;
    target.cold->pipe_source = nullptr;
    source.unset(kPipeSource);
    source.unset(kPipeHeld);
    target.unset(kPipeTarget);
}

void Pipes::end(Connection &source)
{
    if (!source.has(kPipeSource))
        return;
    Connection &target = *source.cold->pipe_target;
    bool held = source.has(kPipeHeld);
    unlink(source);
    reactor_.lifecycle.half_open_changed(target);
    if (!held || source.state > ConnState::kOpen)
        return;
    reactor_.inbox.resume_parsing(source);
    reactor_.lifecycle.update_read(source);
}

// ---- bytes

/// Whether the target had better get no more before its queue is empty.
bool Pipes::is_full(const Connection &target) const
{
    return target.queued() > 0 && (target.queue_memory() > static_cast<size_t>(target.options().max_send_buffer) ||
                                   reactor_.queue_total > reactor_.max_queue_total / 2);
}

void Pipes::message(Connection &source, std::string_view data, int32_t kind)
{
    Connection &target = *source.cold->pipe_target;
    target.last_active = reactor_.tick();
    bool plain = reactor_.codec(source).is_plain() && reactor_.codec(target).is_plain();
    int result = plain ? reactor_.outbox.pass(target, data)
                       : reactor_.outbox.send(target, data, Outbox::kFromPipe | (kind == WM_KIND_TEXT ? 0 : WM_SEND_BINARY));
    if (!source.has(kPipeSource))
        return; // the send met a broken socket
    if (result < 0)
        reactor_.lifecycle.close_with_error(source, WM_REASON_LIMIT, result, 0,
                                            result == WM_EFULL ? "the send queue of the pipe's target is full"
                                                               : "the pipe's target cannot be sent this message");
    else if (is_full(target))
        hold(target);
}

void Pipes::hold(Connection &target)
{
    Connection &source = *target.cold->pipe_source;
    source.set(kPipeHeld);
    reactor_.lifecycle.update_read(source);
}

void Pipes::release(Connection &target)
{
    Connection &source = *target.cold->pipe_source;
    if (!source.has(kPipeHeld))
        return;
    source.unset(kPipeHeld);
    reactor_.inbox.resume_parsing(source);
    reactor_.lifecycle.update_read(source);
}

// ---- the end

void Pipes::source_ended(Connection &source)
{
    Connection &target = *source.cold->pipe_target;
    unlink(source);
    end_output(target);
}

void Pipes::end_output(Connection &target)
{
    if (reactor_.codec(target).can_shut_down())
        reactor_.lifecycle.shut_down(target);
    else
        reactor_.lifecycle.close(target, WM_REASON_PIPE, 0, {});
}

/// The peer sees that the stream is not whole.
void Pipes::reset(Connection &conn)
{
    if (conn.state == ConnState::kClosed)
        return;
    if (conn.fd() >= 0)
        io::reset_on_close(conn.io, conn.fd());
    else
        conn.owner->reset_on_close(conn);
    reactor_.lifecycle.destroy(conn, WM_REASON_PIPE, 0);
}

void Pipes::closing(Connection &conn)
{
    Connection *target = conn.has(kPipeSource) ? conn.cold->pipe_target : nullptr;
    Connection *source = conn.has(kPipeTarget) ? conn.cold->pipe_source : nullptr;
    if (target)
        unlink(conn);
    if (source && source != &conn)
        unlink(*source);
    bool lost = is_loss(conn);
    reactor_.todos.add(conn, Todo{}); // its close event comes before the other's
    if (source && source != &conn)
        lost ? reset(*source) : reactor_.lifecycle.close(*source, WM_REASON_PIPE, 0, {});
    if (target && target != &conn && target->state <= ConnState::kOpen)
        lost ? reset(*target) : end_output(*target);
}

} // namespace wm
