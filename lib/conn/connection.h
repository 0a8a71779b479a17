/**
 * @file
 * The data of a connection. Inbox reads, Outbox writes, Lifecycle opens and closes, Expiry handles deadlines,
 * TodoList runs deferred work, and Codec implements the protocol.
 *
 * Lives in a slot of the reactor's table until Lifecycle has delivered its close event. Cold holds what an
 * idle connection does not need, and exists only while it is in use. The app's thread.
 */
#ifndef WM_CONN_CONNECTION_H
#define WM_CONN_CONNECTION_H

#include "conn/backlog.h"
#include "conn/callbacks.h"
#include "conn/options.h"
#include "core/buffer.h"
#include "core/loop.h"
#include "net/transport.h"
#include "wm/types.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <type_traits>

namespace wm {

class Endpoint;
struct Connection;

enum class ConnState : uint8_t {
    kResolving,  ///< client: its address is being resolved
    kConnecting, ///< client: connect(2) is in progress
    kSecuring,   ///< the transport's handshake is in progress
    kHandshake,  ///< the codec's handshake is in progress; what the host sends is queued
    kOpen,
    kCloseSent, ///< our close frame is sent or queued; waits for the peer's
    kClosing,   ///< shuts down when the send queue is empty
    kLingering, ///< our side is shut down; waits for the peer's EOF, so that the peer can read everything
    kClosed,    ///< waits for the end of the turn
};

/// Work deferred to the end of the turn; TodoList::run_one() has the order.
enum Todo : uint16_t {
    kTodoInput = 1,         ///< bytes in the tail that can be parsed
    kTodoFull = 2,          ///< the buffer_full event
    kTodoDrain = 4,         ///< the buffer_drain event
    kTodoRefused = 8,       ///< the error event of a broadcast or hub message that did not fit
    kTodoEnd = 16,          ///< the peer ended the connection: takes effect once the host has seen the records of this poll
    kTodoClose = 32,        ///< the close event; frees the connection
    kTodoOpen = 64,         ///< the open event of a handshake that the host has accepted; input is blocked until then
    kTodoTurnedAway = 128,  ///< the answer to a peer that Assembly has turned away
    kTodoBody = 512,        ///< Codec::resumed, once the host has seen the records of this poll
    kTodoSendFailed = 1024, ///< the error event of a datagram that could not be sent
    kTodoMore = 256,        ///< the transport has an end or a failure that was behind the last bytes
    kTodoTooSlow = 2048,    ///< its queue is full, and by slow_policy it closes
};

/// Events that Overflow can defer, in the order in which it delivers them.
enum ConnEvent : uint8_t {
    kEventConnect = 1,
    kEventOpen = 2,
    kEventFull = 4,
    kEventDrain = 8,
    kEventError = 16,
    kEventClosing = 32,
    kEventClose = 64,
};

enum ConnFlag : uint32_t {
    kListedTodo = 1,      ///< is in the todo list
    kListedFlush = 2,     ///< is in the outbox's flush list
    kPaused = 4,          ///< by the host
    kAboveHighWater = 8,  ///< buffer_full is due or was delivered; buffer_drain follows
    kPeerEnded = 16,      ///< EOF was read
    kPeerClosed = 32,     ///< the peer's close frame was read
    kEventsDeferred = 64, ///< is in the overflow list: deferred events come before further messages
    kInputBlocked = 128,  ///< by the codec: too many unanswered requests, or the host has yet to answer a handshake
    kShareUsed = 256,     ///< is in FairShare's list: parsed on in the next turn
    kReadLess = 512,      ///< used its share up: the next read is a small one
    kEnded = 1024,        ///< nothing more is delivered: it closes once the host has had its closing event, and lets it
    // These in one byte, as two of them are tested at once for each read, and for each message.
    kAwaitPong = 2048,       ///< ping_at is the pong's deadline
    kSilent = 4096,          ///< is in the endpoint's list of those whose peer has said nothing yet
    kIdleTimed = 8192,       ///< has an idle_timeout_ms: last_active leaves out what the host never sees
    kNoInput = 16384,        ///< input is read and discarded; over datagrams: the rest of the present one
    kEnding = 32768,         ///< ends between two messages: the next read that brings one is the last
    kOwnCallbacks = 65536,   ///< has Cold::callbacks
    kShutdown = 1 << 17,     ///< nothing more is sent: our side is shut down as soon as the queue is empty
    kShutdownSent = 1 << 18, ///< our side is shut down
    kMoreHeld = 1 << 19,     ///< the transport has an end or a failure behind what is not parsed yet
    kPipeSource = 1 << 20,   ///< what it receives goes to Cold::pipe_target
    kPipeTarget = 1 << 21,   ///< gets what Cold::pipe_source receives
    kPipeHeld = 1 << 22,     ///< a source whose target takes no more for now
    kByHost = 1 << 23,       ///< the host has closed it, whatever its close event says: a client does not come back by itself
    kBodyInPieces = 1 << 24, ///< the host is given a body in pieces, and the last one has not come
    kUnannounced = 1 << 25,  ///< a server's whose PROXY header has not come: the host does not know of it
    kTrustedPeer = 1 << 26,  ///< its peer is a trusted proxy: the headers of requests tell whose they are
    kProxied = 1 << 27,      ///< a PROXY header has told the address of its peer: ToldPeer::by_proxy
    kForwarded = 1 << 28,    ///< the header of the last request has: ToldPeer::by_request
    kClientTls = 1 << 29,    ///< the client of the proxy uses TLS, as a PROXY header says
    kPiped = kPipeSource | kPipeTarget,
};

/// A run of bytes in the send arena, or a reference to a block.
struct Segment {
    Segment *next; ///< of the last one: the first
    const char *data;
    Block *block;
    uint32_t size;
    uint32_t capacity; ///< of a block: its size
};

/// Data that only a busy or closing connection needs.
struct Cold {
    SendQueue queue;
    std::unique_ptr<Backlog> backlog;          ///< messages behind the queue; nullptr: there was never one
    ConnOptions *options = nullptr;            ///< overrides of wm_conn_set_int; nullptr: none
    ConnCallbacks *callbacks = nullptr;        ///< those of this connection alone; one without a function is the owner's. nullptr: none
    const char *deferred_error_text = nullptr; ///< of an error event in the overflow list; static, or error_text
    char *subprotocol = nullptr;               ///< of a websocket that a worker has accepted; nullptr: none
    SendQueue *held = nullptr;                 ///< messages that wait for the end of one that is sent in parts; nullptr: none
    char *error_text = nullptr;                ///< why a client's connection could not be opened
    Connection *pipe_target = nullptr;
    Connection *pipe_source = nullptr;
    Cold *next = nullptr; ///< of a closed connection whose text a record refers to: in the list of its batch
    int32_t deferred_error = 0;
    uint32_t send_by = 0; ///< deadline in ticks for progress of what is unsent (send_timeout_ms); 0: none
    uint32_t ahead = 0;   ///< bytes in front of the queue that leave before the connection is open
    uint8_t close_text_len = 0;
    char close_text[123];

    Cold(size_t &queue_total, size_t &file_total) : queue(queue_total, &file_total) {}
    Cold(const Cold &) = delete;
    Cold &operator=(const Cold &) = delete;
    ~Cold()
    {
        delete options;
        delete callbacks;
        delete held;
        free(subprotocol);
        free(error_text);
    }

    /// Returns a copy that lives as long; nullptr when out of memory.
    const char *keep_error_text(const char *text) { return error_text = strdup(text); }
    bool has_backlog() const { return backlog && !backlog->empty(); }
    /// False when out of memory.
    bool make_backlog(size_t &total)
    {
        if (!backlog)
            backlog.reset(new (std::nothrow) Backlog(total));
        return backlog != nullptr;
    }
    size_t backlog_size() const { return backlog ? backlog->size() : 0; }
    size_t backlog_memory() const { return backlog ? backlog->allocated() : 0; }
    bool holds_something() const
    {
        return !queue.empty() || has_backlog() || options || callbacks || close_text_len > 0 || deferred_error_text || pipe_target ||
               pipe_source || held || subprotocol;
    }
};

/// In-place storage for the codec's state.
class CodecState {
    struct Room {
        alignas(8) unsigned char bytes[24];
    };

    template <class State> union Fits {
        State state;
        Room room;
    };

public:
    template <class State> State &make()
    {
        static_assert(sizeof(Fits<State>) == sizeof(Room) && alignof(Fits<State>) == alignof(Room), "the state has to fit");
        static_assert(std::is_trivially_destructible_v<State>);
        return *new (room_.bytes) State();
    }
    template <class State> State &as() { return *std::launder(reinterpret_cast<State *>(room_.bytes)); }
    template <class State> const State &as() const { return *std::launder(reinterpret_cast<const State *>(room_.bytes)); }

private:
    Room room_;
};

struct Connection : Watch {
    Endpoint *owner = nullptr;
    uint32_t slot = 0;
    uint32_t generation = 0;
    ConnState state = ConnState::kHandshake;
    uint16_t todo = 0;
    uint32_t flags = 0;

    Tail *tail = nullptr;
    Segment *out_tail = nullptr; ///< the last segment, before the first one; nullptr: there is none
    uint32_t out_pending = 0;    ///< bytes in the segments
    uint32_t owner_index = 0;    ///< index in the owner's list
    Cold *cold = nullptr;
    Transport *io = nullptr; ///< owned; nullptr: the plain socket
    CodecState codec_state;

    void *user = nullptr;
    wm_destroy_fn destroy_user = nullptr;
    uint64_t bytes_read = 0;
    uint64_t bytes_written = 0;

    // Times in ticks of the app (see Deadlines).
    uint32_t last_active = 0;    ///< when bytes were received; with kIdleTimed bytes of messages
    uint32_t phase_deadline = 0; ///< handshake, the codec's own, closing; 0: none
    uint32_t ping_at = 0;

    uint32_t flush_turn = 0;   ///< the last turn of the outbox in which it was flushed after an event
    uint32_t record_epoch = 0; ///< the last poll that returned a record of this connection
    int32_t close_code = 0;
    uint8_t close_reason = 0;
    uint8_t close_error = 0;     ///< of the reason, a WM_E... negated; 0: none
    uint8_t deferred_events = 0; ///< ConnEvent bits in the overflow list
    uint8_t codec = 0;           ///< row in Reactor::codecs

    using Watch::attach;

    bool has(ConnFlag flag) const { return flags & flag; }
    void set(ConnFlag flag) { flags |= flag; }
    void unset(ConnFlag flag) { flags &= ~uint32_t{flag}; }

    /// Its own (Cold::options), or the owner's. In endpoint.h.
    const ConnOptions &options() const;
    /// Likewise (Cold::callbacks). In endpoint.h.
    template <class Function> const Callback<Function> &callback(Callback<Function> ConnCallbacks::*event) const;
    /// Returns the cold part, created on demand; nullptr when out of memory. In reactor.h.
    Cold *make_cold();

    bool blocked() const { return cold && !cold->queue.empty(); }
    /// Whether messages wait behind what the kernel has refused, in an open connection.
    bool has_backlog() const { return cold && cold->has_backlog(); }
    bool sends_file() const { return cold && cold->queue.file_size() > 0; }
    /// Whether it is connected: by a socket, or as a peer of one that others have too.
    bool has_addresses() const { return fd() >= 0 || io; }
    /// Bytes that the transport has taken and the kernel has not.
    size_t parked() const { return io ? io->parked() : 0; }
    /// Unsent bytes in memory; file ranges do not count.
    size_t queued() const { return out_pending + (cold ? cold->queue.size() + cold->backlog_size() : 0) + parked(); }
    /// Bytes that wait for the end of a message in parts, and are not in the queue yet.
    size_t held() const { return cold && cold->held ? cold->held->size() : 0; }
    /// Bytes of memory that what is unsent takes.
    size_t queue_memory() const { return out_pending + (cold ? cold->queue.allocated() + cold->backlog_memory() : 0) + parked(); }
    /// Whether nothing is left to send, neither from memory nor from files nor by the transport.
    bool sent_all() const { return out_pending == 0 && !blocked() && !has_backlog() && parked() == 0; }
    /// Whether messages may still be delivered to the host.
    bool delivers() const { return state <= ConnState::kOpen; }
};

static_assert(sizeof(Connection) <= 168, "every idle connection costs it");

} // namespace wm

#endif
