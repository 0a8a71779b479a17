#include "wire.h"

namespace wm::load {

const char *Wire::open(Connection &)
{
    return nullptr;
}

void EchoWire::check(const Reply &reply, uint32_t connection, uint64_t issued, OrderCheck *order, Tally *tally)
{
    uint64_t expected = order->next();
    if (expected < issued && order->gapless() && payload_.matches(reply.data, reply.size, connection, expected))
        order->arrive(expected);
    else
        judge(reply, connection, issued, order, tally);
}

void EchoWire::judge(const Reply &reply, uint32_t connection, uint64_t issued, OrderCheck *order, Tally *tally) const
{
    std::string where = "connection " + std::to_string(connection) + ", message ";
    uint64_t expected = order->next();
    uint32_t owner = 0;
    uint64_t number = 0;
    bool ours = payload_.identify(reply.data, reply.size, &owner, &number);
    if (!ours || owner != connection || number >= issued) {
        Fault fault = ours && owner != connection ? Fault::kWrongPlace : Fault::kWrongBytes;
        tally->add(fault, where + std::to_string(expected) + ": got " + std::to_string(reply.size) + " other bytes");
        // It counts as the expected message, so that one bad answer is one fault.
        if (expected < issued)
            order->arrive(expected);
        return;
    }
    switch (order->arrive(number)) {
    case OrderCheck::Arrival::kInOrder:
        return;
    case OrderCheck::Arrival::kLate:
        return tally->add(Fault::kOutOfOrder, where + std::to_string(number));
    case OrderCheck::Arrival::kAgain:
        return tally->add(Fault::kDuplicate, where + std::to_string(number));
    }
}

} // namespace wm::load
