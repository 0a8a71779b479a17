// The part of HttpRequests that answers with files.
#include "session/http/requests.h"

#include "conn/reactor.h"
#include "core/error.h"
#include "core/fd.h"
#include "core/open_beneath.h"
#include "proto/http/accept_encoding.h"
#include "proto/http/media_types.h"
#include "session/http/file_head.h"
#include "session/http/system_types.h"
#include "wm/http_file.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace wm {

namespace {

constexpr size_t kSmallFile = 16 * 1024; // bytes: read and sent with its head, which costs less than sendfile(2) and a descriptor held

/// 0 if that can be sent from; else an error.
int look_at(int fd, struct stat &status)
{
    int mode = fcntl(fd, F_GETFL);
    if (mode < 0 || fstat(fd, &status) != 0)
        return fail(WM_EINVAL, "fd %d is not open: %s", fd, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return fail(WM_EINVAL, "fd %d is no regular file: answer with what it holds by wm_request_respond", fd);
    if ((mode & O_ACCMODE) == O_WRONLY || (mode & O_PATH))
        return fail(WM_EINVAL, "fd %d is not open for reading", fd);
    return 0;
}

/// Sets the length of a part that goes to the end; an error if there is no such part.
int check_range(const struct stat &status, FileRange &range)
{
    uint64_t size = static_cast<uint64_t>(status.st_size), offset = static_cast<uint64_t>(range.offset);
    if (range.offset < 0 || offset > size || (range.len != SIZE_MAX && range.len > size - offset))
        return fail(WM_EINVAL, "the file has %llu bytes: no part of it begins at %lld and is so long",
                    static_cast<unsigned long long>(size), static_cast<long long>(range.offset));
    range.len = std::min<size_t>(range.len, size - offset);
    return 0;
}

/// Reads all of a part; an error if it cannot be read, or is not there any more.
int read_part(const FileRange &range, char *out)
{
    for (size_t size = 0; size < range.len;) {
        ssize_t got = pread(range.fd, out + size, range.len - size, range.offset + static_cast<int64_t>(size));
        if (got == 0)
            return fail(WM_ESYS, "the file has become shorter than it was");
        if (got < 0)
            return fail(WM_ESYS, "cannot read the file: %s", strerror(errno));
        size += static_cast<size_t>(got);
    }
    return 0;
}

/// Why there is no file to answer with, by errno.
int no_file(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
        return fail(WM_ENOENT, "%s", strerror(number));
    case EXDEV:
        return fail(WM_EACCES, "the path leads out of the directory");
    case ELOOP: // also a link of /proc
        return fail(WM_EACCES, "the path has a link that is not followed");
    case ENXIO:
    case ENODEV:
        return fail(WM_EACCES, "not a regular file");
    case EBADF:
        return fail(WM_EINVAL, "the directory is no open descriptor");
    default:
        return fail(code_of_errno(number), "%s", strerror(number));
    }
}

/// A path for the kernel, with room for a suffix.
class Path {
public:
    explicit Path(std::string_view path)
    {
        path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
        if (path.empty())
            path = ".";
        ok_ = path.size() + kMaxSuffix < sizeof text_ && path.find('\0') == std::string_view::npos;
        size_ = ok_ ? path.size() : 0;
        memcpy(text_, path.data(), size_);
        text_[size_] = '\0';
    }

    /// False for one that no file can have.
    bool ok() const { return ok_; }
    /// Until the next call.
    const char *with(const char *suffix)
    {
        memcpy(text_ + size_, suffix, strlen(suffix) + 1);
        return text_;
    }
    std::string_view text() const { return {text_, size_}; }

private:
    static constexpr size_t kMaxSuffix = 3;

    bool ok_;
    size_t size_;
    char text_[PATH_MAX];
};

bool is_older(const struct stat &one, const struct stat &other)
{
    const struct timespec &a = one.st_mtim, &b = other.st_mtim;
    return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

struct Neighbour {
    http::Coding coding;
    const char *suffix;
    std::string_view name;
};

constexpr Neighbour kNeighbours[] = {{http::Coding::kBrotli, ".br", "br"}, {http::Coding::kGzip, ".gz", "gzip"}};

/// Puts a compressed file in the place of `file` where the request prefers one that is there and is not older. Returns its coding.
std::string_view take_neighbour(const http::Request &request, int directory, Path &path, Fd &file, struct stat &status)
{
    http::AcceptedCodings codings(request.fields);
    int best = std::max(codings.quality(http::Coding::kIdentity), 1);
    std::string_view coding;
    const struct stat plain = status;
    for (const Neighbour &each : kNeighbours) {
        int quality = codings.quality(each.coding);
        if (coding.empty() ? quality < best : quality <= best)
            continue;
        struct stat found;
        Fd opened = open_beneath(directory, path.with(each.suffix), found);
        if (!opened || !S_ISREG(found.st_mode) || is_older(found, plain))
            continue;
        best = quality;
        coding = each.name;
        file = std::move(opened);
        status = found;
    }
    return coding;
}

} // namespace

/// Sends a file behind its head. No further request is read until it has left: each could hold one more file open.
int HttpRequests::send_file(Connection &conn, const FileRange &file)
{
    if (conn.state == ConnState::kClosed) { // the socket broke at the head: the host gets the close event, as with any answer
        close(file.fd);
        return 0;
    }
    if (int wrong = reactor_.outbox.send_file(conn, file, true)) {
        reactor_.lifecycle.destroy(conn, WM_REASON_ERROR, ENOMEM);
        return wrong;
    }
    if (conn.sends_file())
        block(conn);
    return 0;
}

/// As answer(), with a file for a body; takes its descriptor on success.
int HttpRequests::answer_with_file(HttpRequest &request, const FileAnswer &given, bool wants_close)
{
    Connection &conn = request.conn;
    bool front = in_turn(request), last = front && is_last(conn);
    bool close_after = wants_close || closes_behind(request);
    http::ResponseHead head;
    head.status = given.status;
    head.fields = given.fields;
    head.content_length = given.range.len;
    head.with_length = !request.is_tunnel(given.status);
    head.minor = request.slices.minor;
    head.says_keep_alive = request.slices.says_keep_alive;
    head.keep_alive = !close_after && !last;
    HeadBuffer buffer(http::head_bound(given.fields.size()));
    char *out = buffer.data();
    if (!out)
        return fail(WM_ENOMEM, "out of memory for a response head");
    std::string_view text(out, static_cast<size_t>(http::write_rest(write_start(out, given.status), head) - out));
    const FileRange *file = request.has_body(given.status) ? &given.range : nullptr;
    int result = front ? reactor_.outbox.write(conn, text, {}, given.flags, false) : store(request, text, {}, false, file);
    if (result < 0)
        return result;
    request.close_after = close_after;
    note_answer(request, given.status, file ? file->len : 0);
    if (front && file)
        if (int failed = send_file(conn, *file))
            return failed;
    if (front)
        complete(conn, close_after, last);
    if (!file)
        close(given.range.fd);
    return result;
}

/// Answers with a part of a file; takes its descriptor on success.
int HttpRequests::give_file(HttpRequest &request, const FileAnswer &given, bool wants_close)
{
    const FileRange &range = given.range;
    if (!request.has_body(given.status))
        return answer_with_file(request, given, wants_close);
    if (range.len > kSmallFile) {
        if (reactor_.file_total >= reactor_.max_file_total)
            return fail(WM_EFULL, "%zu files wait to be sent, and one more is over max_file_answers (%zu)", reactor_.file_total,
                        reactor_.max_file_total);
        return answer_with_file(request, given, wants_close);
    }
    char bytes[kSmallFile];
    if (int wrong = read_part(range, bytes))
        return wrong;
    int result = respond(request, {.status = given.status, .fields = given.fields, .body = {bytes, range.len}, .flags = given.flags});
    if (result >= 0)
        close(range.fd);
    return result;
}

/// Answers with what the request's conditions and its range leave of a file, which begins at given.range.offset.
int HttpRequests::give_representation(HttpRequest &request, const Representation &file, const FileAnswer &given, bool wants_close)
{
    FileHead head(file, given.fields);
    if (head.wrong())
        return fail(WM_EINVAL, "bad header lines: %s", head.wrong());
    if (!head.ok())
        return fail(WM_ENOMEM, "out of memory for a response head");
    head.evaluate(request.slices);
    FileRange range = {given.range.fd, given.range.offset + static_cast<int64_t>(head.offset()), head.length()};
    return give_file(request, {head.status(), head.fields(), range, given.flags}, wants_close);
}

int HttpRequests::respond_fd(HttpRequest &request, const FileAnswer &given)
{
    bool wants_close = false;
    struct stat status = {};
    FileAnswer answer = given;
    int wrong = check_beginning(request, given.status, given.fields, wants_close);
    if (wrong == 0)
        wrong = look_at(given.range.fd, status);
    if (wrong == 0)
        wrong = check_range(status, answer.range);
    if (wrong != 0)
        return wrong;
    if (!(given.flags & WM_FILE_CONDITIONAL))
        return give_file(request, answer, wants_close);
    if (given.status != 200)
        return fail(WM_EINVAL, "with WM_FILE_CONDITIONAL the status is 200, not %d: the request may make another of it", given.status);
    return give_representation(request, {.modified = status.st_mtim, .size = answer.range.len}, answer, wants_close);
}

int HttpRequests::respond_file(HttpRequest &request, int directory, std::string_view path, std::string_view fields, int32_t flags)
{
    bool wants_close = false;
    if (int wrong = check_beginning(request, 200, fields, wants_close))
        return wrong;
    Path beneath(path);
    if (!beneath.ok())
        return fail(WM_ENOENT, "no file has such a path: it has a NUL, or is too long");
    struct stat status = {};
    Fd file = open_beneath(directory, beneath.with(""), status);
    if (!file)
        return no_file(errno);
    if (S_ISDIR(status.st_mode))
        return fail(WM_EISDIR, "%s", strerror(EISDIR));
    if (!S_ISREG(status.st_mode))
        return no_file(ENODEV);
    const char *type = type_of_extension(http::extension_of(beneath.text()));
    bool varies = flags & WM_FILE_PRECOMPRESSED;
    std::string_view coding = varies ? take_neighbour(request.slices, directory, beneath, file, status) : std::string_view();
    size_t size = static_cast<size_t>(status.st_size);
    Representation found = {status.st_mtim, size, type ? type : http::kUnknownType, coding, varies};
    int result = give_representation(request, found, {200, fields, {file.get(), 0, size}, flags}, wants_close);
    if (result >= 0)
        file.release();
    return result;
}

} // namespace wm
