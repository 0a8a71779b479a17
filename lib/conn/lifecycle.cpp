#include "conn/lifecycle.h"

#include "conn/reactor.h"
#include "core/error.h"

#include <cerrno>
#include <new>

namespace wm {

namespace {

/// What a connection's watch calls.
void ready(Watch &watch, uint32_t what)
{
    Connection *conn = static_cast<Connection *>(&watch);
    if (what & Watch::kWrite) [[unlikely]]
        Outbox::writable(conn);
    if (what & Watch::kRead && conn->watches(Watch::kRead)) // still
        Inbox::readable(conn);
}

} // namespace

/// nullptr when out of memory or slots.
Connection *Lifecycle::make(Endpoint &endpoint, ConnState state)
{
    bool room = endpoint.reserve_place() && reactor_.reserve_connection();
    uint32_t slot = room ? reactor_.connections.acquire() : SlotTable<Connection, kConnSlots>::kNone;
    if (slot == SlotTable<Connection, kConnSlots>::kNone)
        return nullptr;
    Connection &conn = *reactor_.connections.at(slot);
    conn.owner = &endpoint;
    conn.slot = slot;
    conn.generation = reactor_.connections.generation_of(slot);
    conn.state = state;
    conn.codec = endpoint.codec;
    conn.last_active = reactor_.tick();
    if (reactor_.deadlines.reserve(slot) && reactor_.silent_links.reserve(slot) && begin_codec(conn))
        return &conn;
    reactor_.connections.release(slot);
    return nullptr;
}

Connection *Lifecycle::accept(Endpoint &endpoint, int fd, bool adopted)
{
    Connection *conn = make(endpoint, ConnState::kHandshake);
    if (!conn)
        return nullptr;
    if (!take_socket(*conn, fd)) {
        end_codec(*conn);
        delete conn->io;
        reactor_.connections.release(conn->slot);
        return nullptr;
    }
    endpoint.add(*conn);
    if (conn->io && conn->io->is_proxy() && !adopted) {
        conn->set(kUnannounced);
        begin(*conn);
    } else {
        announce(*conn);
    }
    return conn;
}

Connection *Lifecycle::make(Endpoint &endpoint)
{
    Connection *conn = make(endpoint, ConnState::kResolving);
    if (conn)
        endpoint.add(*conn);
    return conn;
}

Connection *Lifecycle::make_peer(Endpoint &endpoint, Transport *io)
{
    Connection *conn = make(endpoint, ConnState::kOpen);
    if (!conn)
        return nullptr;
    conn->io = io;
    endpoint.add(*conn);
    endpoint.heard(*conn);
    reactor_.expiry.restart_ping(*conn);
    reactor_.datagrams.peers++;
    return conn;
}

void Lifecycle::datagrams_connected(Connection &conn)
{
    conn.state = ConnState::kHandshake;
    conn.owner->heard(conn);
    reactor_.dispatch.connect(conn);
    if (conn.state == ConnState::kHandshake)
        open(conn);
}

void Lifecycle::connected(Connection &conn, int fd)
{
    if (take_socket(conn, fd))
        announce(conn);
    else
        fail_attempt(conn, WM_REASON_ERROR, WM_ENOMEM, ENOMEM, "out of memory for a connection");
}

bool Lifecycle::take_socket(Connection &conn, int fd)
{
    conn.attach(fd, &ready);
    const Endpoint &owner = *conn.owner;
    bool made = owner.proxy ? make_transport(conn, *owner.proxy, owner.proxy_settings)
                            : make_transport(conn, *owner.transport, owner.transport_settings);
    if (!made || !reactor_.loop.watch(conn, Watch::kRead))
        return false;
    conn.state = conn.io ? ConnState::kSecuring : ConnState::kHandshake;
    return true;
}

void Lifecycle::announce(Connection &conn)
{
    reactor_.dispatch.connect(conn);
    if (conn.state <= ConnState::kHandshake) // the callback has not closed it
        begin(conn);
}

bool Lifecycle::begin_codec(Connection &conn)
{
    const Codec &codec = reactor_.codec(conn);
    return !codec.begin || codec.begin(conn);
}

void Lifecycle::end_codec(Connection &conn)
{
    const Codec &codec = reactor_.codec(conn);
    if (codec.end)
        codec.end(conn);
}

void Lifecycle::open(Connection &conn)
{
    enter_open(conn, {});
    if (conn.state == ConnState::kOpen)
        reactor_.dispatch.open(conn);
}

bool Lifecycle::replace_codec(Connection &conn, uint8_t codec)
{
    end_codec(conn);
    conn.codec = codec;
    if (begin_codec(conn))
        return true;
    destroy(conn, WM_REASON_ERROR, ENOMEM);
    return false;
}

void Lifecycle::upgrade(Connection &conn, uint8_t codec, std::string_view answer)
{
    conn.owner->heard(conn);
    if (!replace_codec(conn, codec))
        return;
    conn.set(kInputBlocked);
    enter_open(conn, answer);
    if (conn.state == ConnState::kOpen)
        reactor_.todos.add(conn, kTodoOpen);
}

void Lifecycle::change_codec(Connection &conn, uint8_t codec, std::string_view answer)
{
    reactor_.outbox.write(conn, {}, answer, 0, true);
    if (conn.state != ConnState::kOpen || !replace_codec(conn, codec))
        return;
    conn.phase_deadline = 0;
    conn.unset(kInputBlocked);
    reactor_.expiry.restart_ping(conn);
    reactor_.inbox.resume_parsing(conn);
    update_read(conn);
}

/// `answer` is sent before all that was queued.
void Lifecycle::enter_open(Connection &conn, std::string_view answer)
{
    conn.state = ConnState::kOpen;
    conn.phase_deadline = 0;
    if (conn.owner->client)
        reactor_.status_changed = true;
    bool above = conn.has(kAboveHighWater); // by what was sent before the open event
    if (!answer.empty())
        reactor_.outbox.open(conn, answer);
    reactor_.expiry.restart_ping(conn);
    if (conn.blocked() || conn.has(kShutdown))
        reactor_.outbox.schedule_flush(conn); // what the host did in the connect callback
    if (above && conn.state == ConnState::kOpen)
        reactor_.todos.add(conn, kTodoFull);
}

void Lifecycle::deliver_open(Connection &conn)
{
    if (conn.state != ConnState::kOpen) {
        leave_out_open(conn);
        return;
    }
    conn.unset(kInputBlocked);
    reactor_.dispatch.open(conn);
    if (conn.state == ConnState::kClosed)
        return;
    reactor_.inbox.resume_parsing(conn);
    update_read(conn);
}

void Lifecycle::leave_out_open(Connection &conn)
{
    conn.unset(kAboveHighWater);
    conn.todo = static_cast<uint16_t>(conn.todo & ~(kTodoFull | kTodoDrain));
    conn.deferred_events = static_cast<uint8_t>(conn.deferred_events & ~(kEventFull | kEventDrain));
}

int Lifecycle::set_options(Connection &conn, const ConnOptions &options)
{
    if (!conn.make_cold())
        return fail(WM_ENOMEM, "out of memory for options of a connection");
    if (!conn.cold->options)
        conn.cold->options = new ConnOptions;
    *conn.cold->options = options;
    if (options == static_cast<const ConnOptions &>(conn.owner->options)) {
        delete conn.cold->options;
        conn.cold->options = nullptr;
    }
    if (conn.state == ConnState::kOpen && !conn.has(kAwaitPong))
        reactor_.expiry.restart_ping(conn);
    else
        reactor_.expiry.update(conn);
    if (!stays_half_open(conn))
        half_open_changed(conn);
    return 0;
}

bool Lifecycle::make_callbacks(Connection &conn)
{
    if (conn.has(kOwnCallbacks))
        return true;
    if (!conn.make_cold())
        return false;
    conn.cold->callbacks = new (std::nothrow) ConnCallbacks;
    if (!conn.cold->callbacks)
        return false;
    conn.set(kOwnCallbacks);
    return true;
}

void Lifecycle::retire_callbacks(Connection &conn)
{
    if (conn.has(kOwnCallbacks))
        conn.cold->callbacks->each([this](const auto &callback) { reactor_.retire(callback.user, callback.destroy); });
}

void Lifecycle::pause(Connection &conn)
{
    if (!conn.delivers())
        return; // nothing is delivered any more, but the peer's close frame is awaited
    conn.set(kPaused);
    if (conn.state == ConnState::kOpen && !conn.has(kPeerEnded) && conn.phase_deadline != 0) {
        conn.phase_deadline = 0; // of what the peer cannot get through: the codec sets it again when it parses on
        reactor_.expiry.update(conn);
    }
    update_read(conn);
}

void Lifecycle::resume(Connection &conn)
{
    if (!conn.has(kPaused))
        return;
    conn.unset(kPaused);
    if (conn.flags & (kEnding | kEnded))
        reactor_.ending.released();
    reactor_.inbox.resume_parsing(conn);
    update_read(conn);
}

void Lifecycle::update_read(Connection &conn)
{
    if (conn.fd() < 0)
        return;                                         // a client's that has yet to connect
    bool securing = conn.state == ConnState::kSecuring; // goes on while the host has paused
    bool held = conn.flags & (kPaused | kInputBlocked | kPipeHeld) && !conn.has(kNoInput) && conn.state <= ConnState::kOpen && !securing;
    if (held || conn.has(kPeerEnded) || conn.state == ConnState::kClosed)
        reactor_.loop.unwatch(conn, Watch::kRead);
    else if (!reactor_.loop.watch(conn, Watch::kRead))
        destroy(conn, WM_REASON_ERROR, ENOMEM);
}

} // namespace wm
