#include "process/connection_file.h"

#include <algorithm>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace wm {

namespace {

constexpr size_t kBatch = 64;
constexpr uint64_t kLayout = 2; // raised when ConnectionRecord changes: with exec, a child may be of a newer library than its master

struct FileHeader {
    uint64_t layout;
    uint64_t record_size;
};

/// A process has no more connections than descriptors.
size_t most_connections()
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<size_t>(limit.rlim_max) : 0;
}

} // namespace

ConnectionFileWriter::ConnectionFileWriter(int fd) : fd_(fd)
{
    FileHeader header = {kLayout, sizeof(ConnectionRecord)};
    write_all(&header, sizeof header);
    batch_.reserve(kBatch);
}

void ConnectionFileWriter::add(const ConnectionRecord &record)
{
    batch_.push_back(record);
    if (batch_.size() == kBatch)
        flush();
}

void ConnectionFileWriter::flush()
{
    write_all(batch_.data(), batch_.size() * sizeof(ConnectionRecord));
    batch_.clear();
}

void ConnectionFileWriter::write_all(const void *data, size_t len) const
{
    const char *from = static_cast<const char *>(data);
    while (len > 0) {
        ssize_t written = write(fd_, from, len);
        if (written <= 0)
            return; // out of memory
        from += written;
        len -= static_cast<size_t>(written);
    }
}

std::vector<ConnectionRecord> read_connections(int fd)
{
    std::vector<ConnectionRecord> out;
    FileHeader header;
    struct stat status;
    if (pread(fd, &header, sizeof header, 0) != sizeof header || header.layout != kLayout ||
        header.record_size != sizeof(ConnectionRecord) || fstat(fd, &status) != 0)
        return out;
    // A child may have made a hole in its file: the master allocates no more than the file occupies.
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
