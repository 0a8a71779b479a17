#include "session/proxy/proxy_transport.h"

#include "core/error.h"
#include "proto/proxy/proxy_dialog.h"

#include <cerrno>
#include <new>
#include <string>
#include <sys/socket.h>

namespace wm {

namespace {

/// Lives as long as the dialog: nothing is sent or received through it.
class ProxyTransport final : public Transport {
public:
    explicit ProxyTransport(const ProxySettings &settings) : settings_(settings), dialog_(settings.request), unsent_(settings.request.first)
    {}

    bool speaks_first() const override { return true; }
    bool is_proxy() const override { return true; }
    IoResult secure(int fd) override;
    IoResult flush(int fd) override;
    IoResult receive(int, char *, size_t) override { return IoResult::failed(EPROTO); }
    IoResult send(int, const struct iovec *, int) override { return IoResult::failed(EPROTO); }

private:
    const ProxySettings &settings_;
    proxy::Dialog dialog_;
    std::string_view unsent_; ///< of the settings' request
    std::string held_;        ///< of an answer that is not whole
};

/// Takes no byte behind the proxy's last answer: it is the target's.
IoResult ProxyTransport::secure(int fd)
{
    IoResult result = flush(fd);
    while (result.kind == IoResult::Kind::kDone) {
        char bytes[1024];
        ssize_t got = recv(fd, bytes, sizeof bytes, MSG_PEEK);
        if (got == 0)
            return {IoResult::Kind::kEnd, 0, 0};
        if (got < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK ? IoResult{IoResult::Kind::kBlocked, 0, 0} : IoResult::failed(errno);
        size_t before = held_.size();
        held_.append(bytes, static_cast<size_t>(got));
        Step step = dialog_.step(held_.data(), held_.size(), settings_.max_header_bytes, settings_.max_headers);
        if (step.kind == StepKind::kFail)
            return IoResult::failed(fail(dialog_.error(), "%s", dialog_.text().c_str()));
        bool whole = step.kind != StepKind::kMore;
        if (recv(fd, bytes, whole ? step.size - before : static_cast<size_t>(got), 0) < 0)
            return IoResult::failed(errno);
        if (step.kind == StepKind::kMessage)
            return {IoResult::Kind::kDone, 0, 0};
        if (!whole)
            continue;
        held_.clear();
        unsent_ = dialog_.next();
        result = flush(fd);
    }
    return result;
}

IoResult ProxyTransport::flush(int fd)
{
    while (!unsent_.empty()) {
        struct iovec vector = {const_cast<char *>(unsent_.data()), unsent_.size()};
        IoResult result = io::send_plain(fd, &vector, 1);
        if (result.kind != IoResult::Kind::kDone) {
            set_parked(static_cast<uint32_t>(unsent_.size()));
            return result;
        }
        unsent_.remove_prefix(result.size);
    }
    set_parked(0);
    return {IoResult::Kind::kDone, 0, 0};
}

Transport *make(void *settings)
{
    return new (std::nothrow) ProxyTransport(*static_cast<const ProxySettings *>(settings));
}

} // namespace

const TransportKind kProxyTransport = {"proxy", make};

} // namespace wm
