#include "hub/engine/nats/servers.h"

#include <algorithm>
#include <utility>

namespace wm::nats {

Servers::Servers(const std::vector<EngineServer> &given, size_t first) : given_(given), given_at_(first % given.size())
{
    current_ = {given_[given_at_], given_[given_at_].host};
}

void Servers::next()
{
    was_named_ = !was_named_ && !named_.empty();
    if (was_named_) {
        current_ = named_[named_at_++ % named_.size()];
    } else {
        given_at_ = (given_at_ + 1) % given_.size();
        current_ = {given_[given_at_], given_[given_at_].host};
    }
}

void Servers::learn(const std::vector<std::string> &named)
{
    std::vector<Server> fresh;
    for (const std::string &text : named) {
        EngineServer server;
        if (parse_engine_server(text, 0, server) != 0)
            continue;
        bool known = std::find(given_.begin(), given_.end(), server) != given_.end();
        bool twice = std::any_of(fresh.begin(), fresh.end(), [&server](const Server &each) { return each.at == server; });
        if (!known && !twice)
            fresh.push_back({server, current_.tls_name});
    }
    named_ = std::move(fresh);
}

} // namespace wm::nats
