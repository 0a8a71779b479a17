#include "hub/engine/nats/info_transport.h"

#include "core/error.h"
#include "proto/nats/limits.h"
#include "proto/nats/parser.h"

#include <cerrno>
#include <new>
#include <sys/socket.h>

namespace wm {

namespace {

/// Lives as long as the line: nothing is sent or received through it.
class InfoTransport final : public Transport {
public:
    explicit InfoTransport(nats::Info &info) : info_(info) {}

    bool is_proxy() const override { return true; }
    IoResult secure(int fd) override;
    IoResult receive(int, char *, size_t) override { return IoResult::failed(EPROTO); }
    IoResult send(int, const struct iovec *, int) override { return IoResult::failed(EPROTO); }

private:
    static constexpr size_t kPeek = 1024; ///< bytes looked at by one call

    IoResult take(const nats::Message &message);

    nats::Info &info_;
    nats::Parser parser_;
    size_t used_ = 0;
    char bytes_[nats::kMaxInfo + kPeek]; ///< of the line, as far as it has come
};

IoResult refused(int code, const char *text)
{
    return IoResult::failed(fail(code, "%s", text));
}

/// Takes no byte behind the line: it is of TLS.
IoResult InfoTransport::secure(int fd)
{
    for (;;) {
        ssize_t got = recv(fd, bytes_ + used_, kPeek, MSG_PEEK);
        if (got == 0)
            return refused(WM_ECLOSED, "the server ended the connection before TLS began");
        if (got < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK ? IoResult{IoResult::Kind::kBlocked, 0, 0} : IoResult::failed(errno);
        nats::Message message;
        Step step = parser_.step(bytes_, used_ + static_cast<size_t>(got), 0, message);
        if (step.kind == StepKind::kFail)
            return IoResult::failed(fail(WM_EPROTOCOL, "before TLS it has sent %s", nats::Parser::describe(parser_.error())));
        size_t taken = step.size - used_;
        if (recv(fd, bytes_ + used_, taken, 0) < 0)
            return IoResult::failed(errno);
        used_ += taken;
        if (step.kind == StepKind::kMessage)
            return take(message);
    }
}

IoResult InfoTransport::take(const nats::Message &message)
{
    if (message.verb != nats::Verb::kInfo)
        return refused(WM_EPROTOCOL, "it has not begun with INFO");
    if (const char *why = nats::read_info(message.text, info_))
        return IoResult::failed(fail(WM_EPROTOCOL, "INFO: %s", why));
    if (!info_.tls_offered)
        return refused(WM_ETLS, "the server offers no TLS");
    return {IoResult::Kind::kDone, 0, 0};
}

Transport *make(void *settings)
{
    return new (std::nothrow) InfoTransport(*static_cast<nats::Info *>(settings));
}

} // namespace

const TransportKind kNatsInfoTransport = {"nats", make};

} // namespace wm
