/**
 * @file
 * The servers of a NATS cluster: those of the URL, and those that a server has named, which it may do again at any time. Pure.
 */
#ifndef WM_HUB_ENGINE_NATS_SERVERS_H
#define WM_HUB_ENGINE_NATS_SERVERS_H

#include "hub/engine/engine_url.h"

#include <cstddef>
#include <string>
#include <vector>

namespace wm::nats {

struct Server {
    EngineServer at;
    /// Whose certificate it has to show: of one that was named, that of the server that named it. Else what is said in plain text, before
    /// TLS, could lead to a server with a certificate of its own, and the password with it.
    std::string tls_name;
};

class Servers {
public:
    /// One at least. `first` is any number: nodes that have one URL do not all begin with its first server.
    Servers(const std::vector<EngineServer> &given, size_t first);

    const Server &current() const { return current_; }
    /// Makes another one the current one, if there is another. Every second one is of the URL, whatever a server has named.
    void next();
    /// What the current server names, as host:port, takes the place of what was named before; what is of the URL, or no such text, is
    /// passed over. Throws bad_alloc, and has changed nothing then.
    void learn(const std::vector<std::string> &named);
    bool has_other() const { return given_.size() + named_.size() > 1; }

private:
    std::vector<EngineServer> given_;
    std::vector<Server> named_;
    Server current_; ///< a copy: it may not be named any more
    size_t given_at_;
    size_t named_at_ = 0; ///< grows
    bool was_named_ = false;
};

} // namespace wm::nats

#endif
