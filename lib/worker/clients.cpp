#include "worker/clients.h"

#include "worker/app.h"
#include "worker/client.h"

#include <algorithm>
#include <utility>

namespace wm {

Clients::Clients(App &app) : app_(app), resolver_(app.reactor.loop) {}

Clients::~Clients() = default;

Client *Clients::add(const ClientAddress &address, const Scheme &scheme)
{
    clients_.push_back(std::make_unique<Client>(app_, address, scheme));
    app_.reactor.status_changed = true;
    return clients_.back().get();
}

// By index in all of these: a callback may make clients.

void Clients::begin()
{
    for (size_t i = 0; i < clients_.size(); i++)
        clients_[i]->begin();
}

void Clients::stop()
{
    stopped_ = true;
    for (size_t i = 0; i < clients_.size(); i++)
        clients_[i]->stop();
}

void Clients::moved(int64_t due_ms)
{
    if (due_ms >= due_ms_)
        return;
    due_ms_ = due_ms;
    app_.reactor.deadline_moved();
}

int Clients::resolve(Resolver::Question &question, const std::string &host)
{
    int result = resolver_.ask(question, host);
    app_.reactor.deadline_moved();
    return result;
}

void Clients::run()
{
    int64_t now = app_.reactor.loop.now_ms();
    if (resolver_.due_ms() <= now)
        resolver_.run();
    if (due_ms_ > now)
        return;
    due_ms_ = Loop::kNever;
    for (size_t i = 0; i < clients_.size() && !app_.reactor.forked; i++) {
        if (clients_[i]->due_ms() <= now)
            clients_[i]->run();
        due_ms_ = std::min(due_ms_, clients_[i]->due_ms());
    }
}

void Clients::free_released()
{
    for (size_t i = clients_.size(); i-- > 0;)
        if (i < clients_.size() && clients_[i]->released()) {
            if (!clients_[i]->connections().empty()) {
                app_.endpoint_released(); // again when its connection has closed
                continue;
            }
            // Removed first: its destroy notifiers may make clients.
            std::unique_ptr<Client> gone = std::move(clients_[i]);
            clients_.erase(clients_.begin() + static_cast<ptrdiff_t>(i));
            app_.reactor.status_changed = true;
        }
}

void Clients::free_all()
{
    while (!clients_.empty()) {
        std::unique_ptr<Client> gone = std::move(clients_.back());
        clients_.pop_back();
    }
}

} // namespace wm
