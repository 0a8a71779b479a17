/**
 * @file
 * The clients of an app, and when each has something to do. Owned by the app; the app's thread.
 */
#ifndef WM_WORKER_CLIENTS_H
#define WM_WORKER_CLIENTS_H

#include "core/loop.h"
#include "net/resolver.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace wm {

class App;
class Client;
struct Address;
struct ClientAddress;
struct Scheme;

class Clients {
public:
    explicit Clients(App &app);
    Clients(const Clients &) = delete;
    Clients &operator=(const Clients &) = delete;
    ~Clients();

    Client *add(const ClientAddress &address, const Scheme &scheme);
    const std::vector<std::unique_ptr<Client>> &all() const { return clients_; }

    /// Connections of clients, those that are not open included.
    size_t live() const { return live_; }
    /// Clients that have none: each may want a descriptor at any time.
    int64_t unconnected() const { return live_ < clients_.size() ? static_cast<int64_t>(clients_.size() - live_) : 0; }
    void made() { live_++; }
    void gone() { live_--; }

    /// The loop is open: connects those that wait for it.
    void begin();
    /// None connects any more.
    void stop();
    bool stopped() const { return stopped_; }

    /// Asks for the addresses of a host; as Resolver::ask.
    int resolve(Resolver::Question &question, const std::string &host);
    /// A client has something to do at that time.
    void moved(int64_t due_ms);
    int64_t due_ms() const { return due_ms_ < resolver_.due_ms() ? due_ms_ : resolver_.due_ms(); }
    /// Runs those that are due.
    void run();

    /// Frees those that were released and whose connection has ended.
    void free_released();
    void free_all();
    /// In a child of fork(2): see Resolver::abandon.
    void abandon() { resolver_.abandon(); }
    /// The servers that are asked for names.
    std::string dns_servers() const { return resolver_.servers(); }

private:
    App &app_;
    Resolver resolver_;
    std::vector<std::unique_ptr<Client>> clients_;
    int64_t due_ms_ = Loop::kNever; ///< of the nearest, or before it
    size_t live_ = 0;
    bool stopped_ = false;
};

} // namespace wm

#endif
