/**
 * @file
 * What a request-answer mode has to say to the exchange that drives it: how a message is written, where an answer ends, whether it is
 * right.
 *
 * One object serves all connections of a run; one thread.
 */
#ifndef WM_LOAD_WIRE_H
#define WM_LOAD_WIRE_H

#include <cstddef>
#include <cstdint>
#include <string>

#include "order_check.h"
#include "payload.h"
#include "tally.h"

namespace wm::load {

/// One piece of what a server sent.
struct Reply {
    enum class Kind : uint8_t {
        kMore,    ///< incomplete
        kMessage, ///< an answer
        kSkip,    ///< nothing to count (a ping that was answered)
        kBroken   ///< not the protocol; problem says why
    };
    Kind kind = Kind::kMore;
    size_t consumed = 0;
    const char *data = nullptr;
    size_t size = 0;
    const char *problem = nullptr;
};

class Wire {
public:
    virtual ~Wire() = default;

    /// What has to happen on a fresh, blocking socket before messages; nullptr or what went wrong.
    virtual const char *open(int fd);
    /// The most bytes that a message takes.
    virtual size_t wire_size() const = 0;
    /// Writes a message and returns its end.
    virtual char *encode(char *out, uint32_t connection, uint64_t number) = 0;
    /// The first piece of data; what the server must be told at once is appended to *answer.
    virtual Reply next(const char *data, size_t size, std::string *answer) = 0;
    /// Judges an answer: counts faults, and moves `order` on, so that each answer stands for one message. `issued`: messages sent so far.
    virtual void check(const Reply &reply, uint32_t connection, uint64_t issued, OrderCheck *order, Tally *tally) = 0;
    /// What is sent before the connection is shut down.
    virtual std::string goodbye() { return {}; }
};

/// The wires whose answers are the messages themselves.
class EchoWire : public Wire {
public:
    explicit EchoWire(size_t size) : payload_(size) {}
    void check(const Reply &reply, uint32_t connection, uint64_t issued, OrderCheck *order, Tally *tally) override;

protected:
    const Payload &payload() const { return payload_; }

private:
    void judge(const Reply &reply, uint32_t connection, uint64_t issued, OrderCheck *order, Tally *tally) const;

    Payload payload_;
};

} // namespace wm::load

#endif
