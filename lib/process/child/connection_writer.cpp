#include "process/child/connection_writer.h"

#include "net/transport.h"
#include "process/connection_file.h"
#include "worker/app.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

namespace wm {

namespace {

void copy_text(char *out, size_t size, const std::string &text)
{
    strncpy(out, text.c_str(), size - 1); // the rest is zero
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
    record.send_queue = conn.queued() + conn.held();
    record.bytes_read = conn.bytes_read;
    record.bytes_written = conn.bytes_written;
    record.idle_ms = uint64_t{app.reactor.tick() - conn.last_active} * static_cast<uint64_t>(Deadlines::kTickMs);
    copy_text(record.worker, sizeof record.worker, conn.owner->options.name);
    copy_text(record.protocol, sizeof record.protocol, codec_of(conn).name);
    copy_text(record.status, sizeof record.status, state_name(conn.state));
    SocketAddress address;
    if (io::local_address(conn.io, conn.fd(), address)) {
        sa_family_t family = address.storage.ss_family;
        record.family = family == AF_INET ? 4 : family == AF_INET6 ? 6 : 0;
        copy_text(record.local, sizeof record.local, format_address(address));
    }
    copy_text(record.transport, sizeof record.transport, conn.io ? conn.owner->transport->name : record.family == 0 ? "unix" : "tcp");
    std::string_view uid = app.uid_of(conn);
    record.uid_size = static_cast<uint8_t>(std::min(uid.size(), sizeof record.uid));
    memcpy(record.uid, uid.data() ? uid.data() : "", record.uid_size);
    if (conn.owner->peer_of(conn, address))
        copy_text(record.remote, sizeof record.remote, format_address(address));
    return record;
}

} // namespace

void write_connections(App &app, int fd)
{
    ConnectionFileWriter file(fd);
    for (uint32_t slot = 0; slot < app.reactor.connections.used(); slot++)
        if (app.reactor.connections.live_at(slot))
            file.add(describe(app, *app.reactor.connections.at(slot)));
}

} // namespace wm
