/**
 * @file
 * Receiving: bytes from the socket through the codec to messages.
 *
 * Reads go to one arena (512 KiB): under callbacks each at its front, during a poll front to back, so that records stay valid until the
 * next. Codecs parse in place. What is incomplete is kept in the connection's tail. The app's thread.
 */
#ifndef WM_CONN_INBOX_H
#define WM_CONN_INBOX_H

#include "conn/codec.h"
#include "conn/connection.h"

#include <cstddef>
#include <string_view>
#include <vector>

namespace wm {

class Reactor;

class Inbox {
public:
    explicit Inbox(Reactor &reactor) : reactor_(reactor) {}
    Inbox(const Inbox &) = delete;
    Inbox &operator=(const Inbox &) = delete;
    ~Inbox();

    static void readable(Connection *conn);

    /// What holds the input back is over: the tail is parsed on, at the end of the turn.
    void more(Connection &conn);
    /// Delivers what the tail holds, as far as the host wants it. For TodoList.
    void parse_held(Connection &conn);

    /// Whether the next message of a connection can be delivered now: codecs ask before each.
    bool wants(const Connection &conn) const;

    /// What records of the last poll pointed to is given back.
    void begin_batch();
    /// Copies text so that it lives as long as the batch; "" when memory has run out.
    const char *keep(const char *text, size_t len);
    void free_tail(Connection &conn);

private:
    static constexpr size_t kArenaSize = 512 * 1024;
    static constexpr size_t kPadding = 64;         ///< behind the arena: wide loads may run over the end
    static constexpr size_t kMinRoom = 64 * 1024;  ///< with less left, a poll ends
    static constexpr size_t kReadMax = 128 * 1024; ///< one read: fairness, and a second-level cache
    static constexpr size_t kCopyTail = 16 * 1024; ///< a tail up to this size is copied before the next read, a longer one read into

    void read(Connection &conn);
    void read_to_arena(Connection &conn);
    void read_to_tail(Connection &conn);
    void discard(Connection &conn);
    size_t receive(Connection &conn, char *out, size_t len);

    void keep_rest(Connection &conn, const Rest &rest);

    bool keep_tail(Connection &conn, const Rest &rest);
    static size_t tail_capacity(size_t grown, size_t len, size_t need);
    bool grow_tail(Connection &conn);
    bool stretch_tail(Connection &conn, size_t capacity);
    Tail *make_tail(Connection &conn, size_t capacity);
    void retire_tail(const Connection &conn, Tail *tail);
    void over_assembly(Connection &conn);

    Reactor &reactor_;
    char *arena_ = nullptr;
    size_t used_ = 0;
    size_t assembled_ = 0; ///< capacity of all tails
    std::vector<Tail *> batch_tails_;
    std::vector<char *> batch_texts_;
};

} // namespace wm

#endif
