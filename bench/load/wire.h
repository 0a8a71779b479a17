/**
 * @file
 * The interface between a request-answer mode and the exchange that drives it: how to write a message, where an answer ends, and whether
 * it is correct.
 *
 * One object serves all connections of a run; one thread.
 */
#ifndef WM_LOAD_WIRE_H
#define WM_LOAD_WIRE_H

#include <cstddef>
#include <cstdint>
#include <string>

#include "connection.h"
#include "order_check.h"
#include "payload.h"
#include "tally.h"

namespace wm::load {

/// One piece of what a server sent.
struct Reply {
    enum class Kind : uint8_t {
        kMore,    ///< incomplete
        kMessage, ///< an answer
        kSkip,    ///< nothing to count (a ping)
        kBroken   ///< protocol error; see problem
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

    /// Sets up a new connection, whose socket still blocks, before the first message. nullptr or an error text.
    virtual const char *open(Connection &connection);
    /// The maximum size of a message.
    virtual size_t wire_size() const = 0;
    /// Writes a message and returns its end.
    virtual char *encode(char *out, uint32_t connection, uint64_t number) = 0;
    /// Parses the first piece of `data`; appends an immediate reply (a pong) to *answer.
    virtual Reply next(const char *data, size_t size, std::string *answer) = 0;
    /// Checks an answer: counts faults and advances `order` by one message. `issued`: messages sent so far.
    virtual void check(const Reply &reply, uint32_t connection, uint64_t issued, OrderCheck *order, Tally *tally) = 0;
    /// Bytes to send before the connection is shut down.
    virtual std::string close_bytes() { return {}; }
};

/// The modes that echo messages.
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
