/**
 * @file
 * Datagrams that wait to be sent by one socket, in order, in one run of memory. The app's thread.
 */
#ifndef WM_CONN_DATAGRAM_QUEUE_H
#define WM_CONN_DATAGRAM_QUEUE_H

#include "net/datagram_socket.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm {

class DatagramQueue {
public:
    /// Who sends, and where to. address nullptr: the socket is connected.
    struct Letter {
        uint32_t slot;
        uint32_t generation;
        const SocketAddress *address;
        LocalIp from;
    };

    /// Adds what it allocates to `total`.
    explicit DatagramQueue(size_t &total) : total_(total) {}
    DatagramQueue(const DatagramQueue &) = delete;
    DatagramQueue &operator=(const DatagramQueue &) = delete;
    ~DatagramQueue() { clear(); }

    /// Copies address and bytes; false, with nothing added, when memory has run out.
    bool append(const Letter &letter, std::string_view head, std::string_view body);
    bool empty() const { return begin_ == end_; }
    size_t count() const { return count_; }
    /// Bytes of memory that what is queued takes.
    size_t size() const { return end_ - begin_; }
    /// The first ones, at most `most`: how many.
    size_t front(OutgoingDatagram *out, size_t most) const;
    /// The sender of the first.
    void sender(uint32_t &slot, uint32_t &generation) const;
    void pop(size_t count);
    void clear();

private:
    struct Entry;

    Entry &at(size_t offset) const { return *reinterpret_cast<Entry *>(memory_ + offset); }
    bool make_room(size_t size);

    static constexpr size_t kFirst = 16 * 1024; ///< bytes; a queue that is empty keeps no more than kKept
    static constexpr size_t kKept = 256 * 1024; ///< bytes

    size_t &total_;
    char *memory_ = nullptr;
    size_t capacity_ = 0;
    size_t begin_ = 0;
    size_t end_ = 0;
    size_t count_ = 0;
};

} // namespace wm

#endif
