/**
 * @file
 * The loops of the request-answer modes. Closed: each connection sends a batch in one write, waits for all of its answers, sends the next.
 * Thus the load is the same for every server: `-p` messages arrive together, however the server splits its answers. Open (--rate): messages
 * leave on schedule, on each connection in turn.
 *
 * One thread; owns its connections; the wire must outlive it.
 */
#ifndef WM_LOAD_EXCHANGE_H
#define WM_LOAD_EXCHANGE_H

#include <cstdint>
#include <string>
#include <vector>

#include "connection.h"
#include "options.h"
#include "order_check.h"
#include "pace.h"
#include "poller.h"
#include "report.h"
#include "wire.h"

namespace wm::load {

class Exchange {
public:
    Exchange(const Options &options, Wire *wire) : options_(options), wire_(wire) {}

    /// Opens, warms up, measures, closes, checks that nothing else arrives, and prints the report. Returns the exit code.
    int run();

private:
    static constexpr int kLateMs = 20;

    struct Peer {
        Connection connection;
        OrderCheck order;
        uint64_t issued = 0;  ///< messages sent
        uint64_t quota = 0;   ///< may still be sent in this phase
        uint64_t sent_at = 0; ///< closed loop: when the batch in flight was written
        uint64_t paced = 0;   ///< open loop: the number of its first message
        bool waiting = false; ///< a batch is in flight
        bool writing = false; ///< the poller watches for writability
    };

    bool open_all();
    /// Runs until the quotas are used up or the time is over, and all answers have arrived.
    void phase(uint64_t messages, double seconds);
    void paced_phase(uint64_t messages);
    bool is_patient(uint64_t now) const;
    void start_batch(uint32_t index);
    void send(uint32_t index, uint64_t count);
    /// When the next answer's message was written; open loop: when it was due.
    uint64_t sent_at(uint32_t index) const;
    void on_ready(uint32_t index, uint32_t what);
    void take_answers(uint32_t index);
    void settle_write(uint32_t index, bool sent);
    void fail(uint32_t index, const std::string &why);
    void close_all();
    void close_datagrams();

    const Options &options_;
    Wire *wire_;
    Poller poller_;
    ReceiveBuffer buffer_;
    std::vector<Peer> peers_;
    std::vector<char> batch_;
    std::string control_;
    Report report_;
    Pace pace_;
    uint32_t waiting_ = 0; ///< connections with a batch in flight
    uint32_t open_ = 0;
    uint64_t progress_at_ = 0;
    bool stopping_ = false; ///< the time is over: no more batches
    bool closing_ = false;  ///< from here on the end of a connection is expected
};

} // namespace wm::load

#endif
