#include "session/proxy/header_transport.h"

#include "core/error.h"

#include <cerrno>
#include <new>
#include <sys/socket.h>

namespace wm {

namespace {

Transport *make(void *)
{
    return new (std::nothrow) HeaderTransport;
}

} // namespace

/// Looks first, as the bytes behind the header are those of the endpoint's own transport.
IoResult HeaderTransport::secure(int fd)
{
    for (;;) {
        ssize_t got = recv(fd, seen_ + size_, sizeof seen_ - size_, MSG_PEEK);
        if (got == 0)
            return {IoResult::Kind::kEnd, 0, 0};
        if (got < 0)
            return errno == EAGAIN || errno == EINTR ? IoResult{IoResult::Kind::kBlocked, 0, 0} : IoResult::failed(errno);
        const char *wrong = nullptr;
        Step step = proxy::read_header(seen_, size_ + static_cast<size_t>(got), header_, &wrong);
        if (step.kind == StepKind::kFail)
            return IoResult::failed(fail(WM_EPROTOCOL, "the PROXY header %s", wrong));
        got = recv(fd, seen_ + size_, step.size - size_, 0); // of kMore: all
        if (got < 0)
            return IoResult::failed(errno);
        size_ += static_cast<size_t>(got);
        if (step.kind == StepKind::kMessage && size_ == step.size)
            return {IoResult::Kind::kDone, 0, 0};
    }
}

IoResult HeaderTransport::receive(int, char *, size_t)
{
    return IoResult::failed(EPROTO);
}

IoResult HeaderTransport::send(int, const struct iovec *, int)
{
    return IoResult::failed(EPROTO);
}

const TransportKind kHeaderTransport = {"proxy header", make};

} // namespace wm
