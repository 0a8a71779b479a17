/**
 * @file
 * The run of push and broadcast: lines go in on inner connections, in batches or by --rate; each must be answered in order and arrive once
 * at its page, or at every page.
 *
 * Inner connection i sends its number h to page (start(i) + h) mod pages, so each pair of inner connection and page has a sequence of its
 * own, h = first, first + pages, first + 2 pages ..., whose order the server must keep. In a broadcast each page gets every h. One thread.
 */
#ifndef WM_LOAD_PUSH_RUN_H
#define WM_LOAD_PUSH_RUN_H

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "connection.h"
#include "options.h"
#include "order_check.h"
#include "poller.h"
#include "push_line.h"
#include "report.h"
#include "ws_frame.h"

namespace wm::load {

class PushRun {
public:
    explicit PushRun(const Options &options);

    /// Returns the exit code.
    int run();

private:
    // Time stamps kept for each inner connection; the latency of an older push is reported too small.
    static constexpr size_t kStamps = 1 << 16;

    struct Inner {
        Connection connection;
        uint64_t lines = 0;                                            ///< sent
        uint64_t answers = 0;                                          ///< received
        uint64_t pushes = 0;                                           ///< lines that some page must get
        uint64_t quota = 0;                                            ///< lines that may still be sent in this phase
        uint32_t start = 0;                                            ///< the page of push 0
        uint32_t next = 0;                                             ///< the page of the next push
        bool waiting = false;                                          ///< a batch is in flight
        std::vector<uint64_t> stamps = std::vector<uint64_t>(kStamps); ///< when push number h was written, at h mod kStamps
    };

    bool to_all() const { return options_.mode == Mode::kBroadcast; }
    bool is_miss(uint64_t line) const { return options_.miss_every > 0 && line % options_.miss_every == options_.miss_every - 1; }
    OrderCheck &order(uint32_t page, uint32_t inner) { return orders_[size_t{page} * inners_.size() + inner]; }

    bool open_all();
    void phase(uint64_t lines, double seconds);
    void paced_phase(uint64_t lines);
    bool is_patient(uint64_t now) const;
    void start_batch(uint32_t index);
    void send(uint32_t index, uint64_t count, uint64_t now);
    char *write_line(char *out, Inner &inner, uint32_t index, uint64_t now);
    char *write_push(char *out, Inner &inner, uint32_t index);
    void on_ready(uint32_t number, uint32_t what);
    void settle_write(uint32_t number, bool sent);
    Connection &connection(uint32_t number);
    void take_answers(uint32_t index);
    void check_answer(Inner &inner, uint32_t index, std::string_view answer);
    void take_pushes(uint32_t page);
    const char *take_frame(uint32_t page, const WsFrame &frame, uint64_t now);
    void check_push(uint32_t page, const char *data, size_t size, uint64_t now);
    void fail(uint32_t number, const std::string &why);
    void close_all();
    void count_lost();

    const Options &options_;
    PushLine line_;
    std::string_view before_; ///< what a line has around a value that all pages get
    std::string_view after_;
    Poller poller_;
    ReceiveBuffer buffer_;
    std::vector<Connection> pages_;
    std::vector<Inner> inners_;
    std::vector<OrderCheck> orders_;
    std::vector<bool> writing_;
    std::vector<char> batch_;
    WsMasks masks_;
    Report report_;
    uint32_t waiting_ = 0;     ///< inner connections with a batch in flight
    uint32_t open_ = 0;        ///< connections that are open
    uint64_t pushes_ = 0;      ///< lines that some page must get, in total
    uint64_t arrived_ = 0;     ///< of these, the number that arrived
    uint64_t progress_at_ = 0; ///< time of the last answer or push
    bool stopping_ = false;
    bool closing_ = false; ///< from here on ends and close frames are expected
};

} // namespace wm::load

#endif
