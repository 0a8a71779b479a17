#include "process/child/connection_writer.h"

#include "net/transport.h"
#include "worker/app.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace wm {

namespace {

constexpr size_t kBatch = 64;
constexpr uint64_t kLayout = 1; // raised when ConnectionRecord changes: with exec, a child may be of a newer library than its master

struct FileHeader {
    uint64_t layout;
    uint64_t record_size;
};

void copy_text(char *out, size_t size, const std::string &text)
{
    strncpy(out, text.c_str(), size - 1); // the rest is zero already
}

const char *state_name(ConnState state)
{
    switch (state) {
    case ConnState::kResolving:
        return "RESOLVING";
    case ConnState::kConnecting:
        return "CONNECTING";
    case ConnState::kSecuring:
        return "SECURING";
    case ConnState::kHandshake:
        return "HANDSHAKE";
    case ConnState::kOpen:
        return "ESTABLISHED";
    case ConnState::kCloseSent:
    case ConnState::kClosing:
        return "CLOSING";
    case ConnState::kLingering:
        return "LINGERING";
    default:
        return "CLOSED";
    }
}

ConnectionRecord describe(App &app, const Connection &conn)
{
    ConnectionRecord record = {};
    record.id = Dispatch::id_of(conn);
    record.recv_queue = conn.tail ? conn.tail->size() : 0;
    record.send_queue = conn.queued();
    record.bytes_read = conn.bytes_read;
    record.bytes_written = conn.bytes_written;
    record.idle_ms = uint64_t{app.reactor.tick() - conn.last_active} * static_cast<uint64_t>(Deadlines::kTickMs);
    copy_text(record.worker, sizeof record.worker, conn.owner->options.name);
    copy_text(record.protocol, sizeof record.protocol, codec_of(conn).name);
    copy_text(record.status, sizeof record.status, state_name(conn.state));
    SocketAddress address;
    if (io::local_address(conn.io, conn.fd, address)) {
        sa_family_t family = address.storage.ss_family;
        record.family = family == AF_INET ? 4 : family == AF_INET6 ? 6 : 0;
        copy_text(record.local, sizeof record.local, format_address(address));
    }
    copy_text(record.transport, sizeof record.transport, conn.io ? conn.owner->transport->name : record.family == 0 ? "unix" : "tcp");
    if (io::remote_address(conn.io, conn.fd, address))
        copy_text(record.remote, sizeof record.remote, format_address(address));
    return record;
}

void write_all(int fd, const void *data, size_t len)
{
    const char *from = static_cast<const char *>(data);
    while (len > 0) {
        ssize_t written = write(fd, from, len);
        if (written <= 0)
            return; // memory at its end: the listing is short
        from += written;
        len -= static_cast<size_t>(written);
    }
}

/// As many as a process may have open.
size_t most_connections()
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<size_t>(limit.rlim_max) : 0;
}

} // namespace

void write_connections(App &app, int fd)
{
    FileHeader header = {kLayout, sizeof(ConnectionRecord)};
    write_all(fd, &header, sizeof header);
    std::vector<ConnectionRecord> batch;
    batch.reserve(kBatch);
    for (uint32_t slot = 0; slot < app.reactor.connections.used(); slot++) {
        if (!app.reactor.connections.live_at(slot))
            continue;
        batch.push_back(describe(app, *app.reactor.connections.at(slot)));
        if (batch.size() == kBatch) {
            write_all(fd, batch.data(), batch.size() * sizeof(ConnectionRecord));
            batch.clear();
        }
    }
    write_all(fd, batch.data(), batch.size() * sizeof(ConnectionRecord));
}

std::vector<ConnectionRecord> read_connections(int fd)
{
    std::vector<ConnectionRecord> out;
    FileHeader header;
    struct stat status;
    if (pread(fd, &header, sizeof header, 0) != sizeof header || header.layout != kLayout ||
        header.record_size != sizeof(ConnectionRecord) || fstat(fd, &status) != 0)
        return out;
    // What the file is said to hold may be a hole that its writer has made: no more is taken than it has memory for.
    off_t most = std::min<off_t>(status.st_size, status.st_blocks * 512);
    if (most < static_cast<off_t>(sizeof header))
        return out;
    out.resize(std::min((static_cast<size_t>(most) - sizeof header) / sizeof(ConnectionRecord), most_connections()));
    size_t wanted = out.size() * sizeof(ConnectionRecord), got = 0;
    while (got < wanted) {
        ssize_t part = pread(fd, reinterpret_cast<char *>(out.data()) + got, wanted - got, static_cast<off_t>(sizeof header + got));
        if (part <= 0)
            break;
        got += static_cast<size_t>(part);
    }
    out.resize(got / sizeof(ConnectionRecord));
    for (ConnectionRecord &record : out) {
        for (char *end :
             {record.worker + sizeof record.worker, record.transport + sizeof record.transport, record.protocol + sizeof record.protocol,
              record.status + sizeof record.status, record.local + sizeof record.local, record.remote + sizeof record.remote})
            end[-1] = '\0';
    }
    return out;
}

} // namespace wm
