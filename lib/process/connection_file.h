/**
 * @file
 * The file in which a child answers `connections`: a header and a record for each connection. The child
 * appends the records, the master, which made the file in memory (memfd), reads them and trusts none of them.
 */
#ifndef WM_PROCESS_CONNECTION_FILE_H
#define WM_PROCESS_CONNECTION_FILE_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace wm {

/// One connection: fixed size, no pointers.
struct ConnectionRecord {
    uint64_t id;
    uint64_t recv_queue; ///< bytes of an incomplete message, or of one that the host has paused
    uint64_t send_queue;
    uint64_t bytes_read;
    uint64_t bytes_written;
    uint64_t idle_ms; ///< since the peer last sent something
    char worker[32];
    char transport[8]; ///< "tcp", "unix"
    char protocol[16]; ///< "websocket", "http", "text", "raw"
    char status[16];   ///< "HANDSHAKE", "ESTABLISHED", "CLOSING", "LINGERING"
    char local[112];   ///< "127.0.0.1:80", "[::1]:80", a path, or ""
    char remote[112];
    uint8_t family; ///< 4, 6, or 0 for a unix socket
    uint8_t uid_size;
    char uid[255]; ///< the uid in a hub, its beginning if it is longer; any bytes
    uint8_t reserved[7];
};

/// Writes the header, then records in batches. A file that has no room for them is short; no error.
class ConnectionFileWriter {
public:
    explicit ConnectionFileWriter(int fd);
    ConnectionFileWriter(const ConnectionFileWriter &) = delete;
    ConnectionFileWriter &operator=(const ConnectionFileWriter &) = delete;
    ~ConnectionFileWriter() { flush(); }

    void add(const ConnectionRecord &record);

private:
    void flush();
    void write_all(const void *data, size_t len) const;

    int fd_;
    std::vector<ConnectionRecord> batch_;
};

/// The records of a file, with their texts terminated; empty when another version of the library has written
/// it.
std::vector<ConnectionRecord> read_connections(int fd);

} // namespace wm

#endif
