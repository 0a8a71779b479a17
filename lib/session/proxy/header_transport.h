/**
 * @file
 * What precedes a worker's own transport where proxies are in front that write a PROXY header: reads it, and not a byte behind it.
 */
#ifndef WM_SESSION_PROXY_HEADER_TRANSPORT_H
#define WM_SESSION_PROXY_HEADER_TRANSPORT_H

#include "net/transport.h"
#include "proto/proxy/proxy_header.h"

#include <cstddef>

namespace wm {

/// Lives until the header is there: nothing else is sent or received through it.
class HeaderTransport final : public Transport {
public:
    bool is_proxy() const override { return true; }
    IoResult secure(int fd) override;
    IoResult receive(int fd, char *out, size_t len) override;
    IoResult send(int fd, const struct iovec *vectors, int count) override;

    /// What the header says, after secure() has returned kDone.
    const proxy::Header &header() const { return header_; }

private:
    proxy::Header header_;
    size_t size_ = 0; ///< bytes of seen_, which the socket has no more
    char seen_[proxy::kMaxHeader];
};

/// Has no settings.
extern const TransportKind kHeaderTransport;

} // namespace wm

#endif
