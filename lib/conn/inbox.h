/**
 * @file
 * Receives: reads bytes from the socket and has the codec parse them into messages.
 *
 * Reads share one arena (512 KiB). With callbacks, each read starts at its front. During a poll, reads follow
 * each other, so that records stay valid until the next poll. Codecs parse in place; an incomplete message
 * moves to the connection's tail. Owned by the reactor; the app's thread.
 */
#ifndef WM_CONN_INBOX_H
#define WM_CONN_INBOX_H

#include "conn/codec.h"
#include "conn/connection.h"
#include "net/transport.h"

#include <cstddef>
#include <string_view>

namespace wm {

class Reactor;

class Inbox {
public:
    explicit Inbox(Reactor &reactor) : reactor_(reactor) {}
    Inbox(const Inbox &) = delete;
    Inbox &operator=(const Inbox &) = delete;
    ~Inbox();

    /// Reserves the arena; false when out of memory.
    bool reserve();

    static void readable(Connection *conn);

    /// Schedules parsing of the tail for the end of the turn: input is no longer paused or blocked.
    void resume_parsing(Connection &conn);
    /// Parses the tail. For TodoList.
    void parse_tail(Connection &conn);
    /// Receives the end or the failure that the transport has behind what was received, once that is parsed. For TodoList.
    void receive_more(Connection &conn);

    /// Whether the next message of the connection can be delivered now.
    bool wants(const Connection &conn) const;
    /// As wants(), within the connection's share of the turn. Codecs check before each message.
    bool wants_next(Connection &conn);

    /// Whether this poll has room for records of what is read. Without a poll there is room.
    bool has_batch_room() const { return kArenaSize - used_ >= kMinRoom && !batch_is_full(); }
    /// Delivers the messages of a datagram, of an open connection. False: what data and len say then has to wait.
    bool deliver(Connection &conn, char *&data, size_t &len);

    /// Starts a new poll: frees the memory that records of the last poll point to.
    void begin_batch();
    /// Takes ownership of the cold part of a closed connection until the next begin_batch(): the close record has its text.
    void keep_until_next_batch(Cold *cold);
    void free_tail(Connection &conn);

private:
    static constexpr size_t kArenaSize = 512 * 1024;
    static constexpr size_t kMinRoom = 64 * 1024;     ///< bytes; a poll ends when less is left
    static constexpr size_t kReadMax = kArenaSize;    ///< bytes per read: a large message and its frame come in one
    static constexpr size_t kReadLittle = 16 * 1024;  ///< bytes per read of one that has used its share up
    static constexpr size_t kCopyTailMax = 16 * 1024; ///< bytes; a larger tail is read into, a smaller one is copied to the arena

    /// What keeps a connection from being parsed.
    static constexpr uint32_t kNotParsed = kPaused | kInputBlocked | kNoInput | kEventsDeferred | kShareUsed | kEnded | kPipeHeld;

    static constexpr size_t kScratch = Transport::kMinReceive;

    bool batch_is_full() const;
    void read(Connection &conn);
    void read_some(Connection &conn);
    void read_at_end(Connection &conn);
    void read_to_arena(Connection &conn);
    void read_to_tail(Connection &conn);
    void discard(Connection &conn);
    size_t receive(Connection &conn, char *out, size_t len);
    [[gnu::noinline]] void after_transport(Connection &conn, const IoResult &result);
    // Out of line: most reads hold whole messages of connections without an idle_timeout_ms.
    [[gnu::noinline]] void note_read(Connection &conn);
    [[gnu::noinline]] void note_part(Connection &conn);

    template <class Parse> void parse_last(Connection &conn, Parse parse);
    Rest parse(Connection &conn, char *data, size_t len);
    void keep_rest(Connection &conn, const Rest &rest);
    [[gnu::noinline]] void keep_part(Connection &conn, const Rest &rest);

    bool store_tail(Connection &conn, const Rest &rest);
    static size_t tail_capacity(size_t grown, size_t len, size_t need);
    bool replace_tail(Connection &conn, size_t capacity, const char *data, size_t len);
    bool grow_tail(Connection &conn);
    bool grow_in_place(Connection &conn, size_t capacity);
    void retire_tail(const Connection &conn, Tail *tail);

    Reactor &reactor_;
    char *arena_ = nullptr;
    size_t used_ = 0;
    Cold *batch_colds_ = nullptr;
};

} // namespace wm

#endif
