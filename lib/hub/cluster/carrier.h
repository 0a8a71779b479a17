/**
 * @file
 * What carries messages between the machines of a cluster: an engine, such as Redis or NATS, that each of them is connected to. It stores
 * nothing, and promises nothing: a message may be lost, or come late, or twice. The app's thread.
 */
#ifndef WM_HUB_CLUSTER_CARRIER_H
#define WM_HUB_CLUSTER_CARRIER_H

#include <cstddef>
#include <cstdint>
#include <string>

namespace wm {

/// What a carrier tells; from the loop, never from inside a call of the carrier.
class CarrierEvents {
public:
    /// Both channels, the inbox of this node and the one of all, are subscribed, as the engine has confirmed.
    virtual void carrier_up() = 0;
    /// What was sent since may be lost. Once after each carrier_up().
    virtual void carrier_down() = 0;
    /// A message that a node of the cluster, this one included, sent to this one or to all. Borrowed. Only while it is up.
    virtual void carrier_received(const char *bytes, size_t size) = 0;

protected:
    ~CarrierEvents() = default;
};

/// For `status`.
struct CarrierFacts {
    std::string engine;  ///< its name and version, as "redis 7.0.15"; empty: not known
    std::string address; ///< of the server that it is connected to; empty: of none
    std::string error;   ///< why it is down; empty: it is not
    uint64_t connects = 0;
};

class Carrier {
public:
    static constexpr uint64_t kAll = 0;

    virtual ~Carrier() = default;
    /// Connects, and again for ever, until close().
    virtual void open() = 0;
    /// What was sent before still leaves.
    virtual void close() = 0;
    /// To the inbox of a node, or to all. False: it is not up, or its socket takes no more now, and the message is not sent.
    virtual bool send(uint64_t to, const char *bytes, size_t size) = 0;
    /// What is sent does not come back: leaves the connection, asks for the server's address again, and connects anew.
    virtual void reset(const char *why) = 0;
    /// The longest message, while it is up.
    virtual size_t max_bytes() const = 0;
    virtual CarrierFacts facts() const = 0;
    /// When run() is to be called, by Loop::clock_ms().
    virtual int64_t due_ms() const = 0;
    virtual void run(int64_t now_ms) = 0;
};

} // namespace wm

#endif
