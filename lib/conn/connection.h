/**
 * @file
 * A connection: its data. Inbox reads for it, Outbox writes, Lifecycle opens and closes it, Expiry keeps its deadlines, TodoList does what
 * waits for the end of the turn, its Codec knows its protocol.
 *
 * Lives in a slot of the app's table until Lifecycle has delivered its close event; the app's thread. What an idle connection does not
 * need is in Cold, which exists only while it holds something.
 */
#ifndef WM_CONN_CONNECTION_H
#define WM_CONN_CONNECTION_H

#include "conn/options.h"
#include "core/buffer.h"
#include "core/loop.h"
#include "wm/types.h"

#include <cstdint>
#include <new>
#include <type_traits>

namespace wm {

class Endpoint;
class Transport;

enum class ConnState : uint8_t {
    kResolving,  ///< of a client: its address is being looked up
    kConnecting, ///< of a client: connect(2) has not completed
    kSecuring,   ///< the transport's handshake is not done
    kHandshake,  ///< the codec's handshake is not done; what the host sends is held
    kOpen,
    kCloseSent, ///< our close frame is sent or queued, the peer's is awaited
    kClosing,   ///< shuts down when the queue has left
    kLingering, ///< our side is shut down; the peer's end is awaited, so that it can read everything
    kClosed,    ///< waits for the end of the turn
};

/// What waits for the end of the turn, in the order in which it is done.
enum Todo : uint8_t {
    kTodoInput = 1,   ///< bytes in the tail that can be parsed
    kTodoFull = 2,    ///< the buffer_full event
    kTodoDrain = 4,   ///< the buffer_drain event
    kTodoRefused = 8, ///< the error event of a broadcast or hub message that did not fit
    kTodoEnd = 16,    ///< what the peer did ends it, once the host has seen the records of this poll
    kTodoClose = 32,  ///< the close event and the end
};

/// Events that may have to wait for room in a poll's array, in the order in which they are delivered then (see Overflow).
enum ConnEvent : uint8_t {
    kEventConnect = 1,
    kEventOpen = 2,
    kEventError = 4,
    kEventFull = 8,
    kEventDrain = 16,
    kEventClose = 32,
};

enum ConnFlag : uint16_t {
    kListedTodo = 1,     ///< stands in the app's list of connections with todos
    kListedFlush = 2,    ///< stands in the outbox's flush list
    kPaused = 4,         ///< by the host
    kAboveHighWater = 8, ///< buffer_full was due, buffer_drain will be
    kPeerEnded = 16,     ///< EOF was read
    kPeerClosed = 32,    ///< the peer's close frame was read
    kAwaitPong = 64,     ///< ping_at is the pong's deadline
    kNoInput = 128,      ///< what the peer sends is read and thrown away
    kOwesEvents = 256,   ///< stands in the overflow list: no message is delivered before what is owed
    kInputBlocked = 512, ///< by the codec: too many unanswered requests, or a handshake that waits for the host
};

/// A run of bytes in the send arena, or a reference to a block.
struct Segment {
    Segment *next;
    const char *data;
    Block *block;
    uint32_t size;
    uint32_t capacity; ///< 0 for a block
};

/// What only a busy or closing connection has.
struct Cold {
    Watch write;
    SendQueue queue;
    ConnOptions *options = nullptr; ///< its own, when wm_conn_set_int has made it differ
    uint8_t close_text_len = 0;
    char close_text[123];

    ~Cold() { delete options; }

    bool holds_something() const { return write.armed() || !queue.empty() || options || close_text_len > 0; }
};

/// What a codec keeps in the connection itself.
class CodecState {
public:
    template <class State> State &make()
    {
        static_assert(sizeof(State) <= sizeof bytes_ && alignof(State) <= 8 && std::is_trivially_destructible_v<State>);
        return *new (bytes_) State();
    }
    template <class State> State &as() { return *std::launder(reinterpret_cast<State *>(bytes_)); }
    template <class State> const State &as() const { return *std::launder(reinterpret_cast<const State *>(bytes_)); }

private:
    alignas(8) unsigned char bytes_[32];
};

struct Connection {
    Watch read;
    Endpoint *owner = nullptr;
    const ConnOptions *options = nullptr; ///< the owner's, or its own (Cold::options)
    uint32_t slot = 0;
    uint32_t generation = 0;
    int fd = -1;
    ConnState state = ConnState::kHandshake;
    uint8_t todo = 0;
    uint16_t flags = 0;

    Tail *tail = nullptr;
    Segment *out_head = nullptr;
    Segment *out_tail = nullptr;
    uint32_t out_pending = 0; ///< bytes in the segments
    uint32_t owner_index = 0; ///< place in the owner's list
    Cold *cold = nullptr;
    Transport *io = nullptr; ///< owned; nullptr: the plain socket
    CodecState codec_state;

    void *user = nullptr;
    wm_destroy_fn destroy_user = nullptr;
    uint64_t bytes_read = 0;
    uint64_t bytes_written = 0;

    // Times in ticks of the app (see Deadlines).
    uint32_t last_active = 0;
    uint32_t phase_deadline = 0; ///< handshake, the codec's own, closing; 0: none
    uint32_t ping_at = 0;

    uint32_t record_epoch = 0; ///< the last poll that has a record of it
    int32_t close_code = 0;
    uint8_t close_reason = 0;
    int8_t close_error = 0; ///< WM_E..., of the reason; 0: none
    uint8_t owed = 0;       ///< events, ConnEvent, in the overflow list
    uint8_t codec = 0;      ///< its row in the app's table of codecs

    bool has(ConnFlag flag) const { return flags & flag; }
    void set(ConnFlag flag) { flags = static_cast<uint16_t>(flags | flag); }
    void unset(ConnFlag flag) { flags = static_cast<uint16_t>(flags & ~flag); }

    /// The cold part, made if there is none; nullptr when memory has run out.
    Cold *make_cold()
    {
        if (!cold)
            cold = new (std::nothrow) Cold;
        return cold;
    }

    bool blocked() const { return cold && !cold->queue.empty(); }
    /// Bytes in memory that have not left.
    size_t queued() const { return out_pending + (cold ? cold->queue.size() : 0); }
    /// Nothing waits to leave, neither in memory nor in files.
    bool sent_all() const { return out_pending == 0 && !blocked(); }
    /// Messages may still be delivered to the host.
    bool delivers() const { return state <= ConnState::kOpen; }
};

static_assert(sizeof(Connection) <= 304, "every idle connection costs it");

} // namespace wm

#endif
