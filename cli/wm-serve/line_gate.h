/**
 * @file
 * Stands before the line port where there is a secret: a back end proves that it knows it (shared/inner_proof.h) before any other line of
 * it is taken, within a time. The server proves itself behind it. The app's thread.
 */
#ifndef WM_SERVE_LINE_GATE_H
#define WM_SERVE_LINE_GATE_H

#include "wm-serve/due_queue.h"
#include "wm-serve/event_log.h"
#include "wm-serve/inner_secret.h"
#include "wm/types.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace wm::serve {

class LineGate {
public:
    static constexpr int64_t kTimeMs = 10000;     ///< for the proof
    static constexpr int64_t kMaxAuthLine = 1024; ///< bytes of a line before it: a peer that is not known holds no memory

    /// The secret is borrowed, and may be read later. max_line: bytes of a line behind the proof.
    void setup(wm_worker *worker, const InnerSecret &secret, int64_t max_line);

    /// Whether some connection has yet to prove itself: without any, passes() need not be asked.
    bool waits() const { return !waiting_.empty(); }
    /// A connection has opened, or has closed.
    void opened(wm_conn conn);
    void closed(wm_conn conn) { waiting_.erase(conn); }
    /// Whether a line is one of a connection that is known. All others are answered here.
    bool passes(wm_conn conn, std::string_view line);
    /// Whether a line that is too long came from a connection that is known; any other is closed.
    bool passes_long(wm_conn conn);

private:
    struct Challenge {
        std::string client_nonce, server_nonce; ///< empty: it has not asked yet
    };

    void ask(wm_conn conn, Challenge &challenge, std::string_view nonce);
    void check(wm_conn conn, const Challenge &challenge, std::string_view mac);
    void refuse(wm_conn conn, std::string_view why);

    wm_worker *worker_ = nullptr;
    const InnerSecret *secret_ = nullptr;
    int64_t max_line_ = 0;
    std::unordered_map<wm_conn, Challenge> waiting_;
    DueQueue due_; ///< of waiting_
    ThrottledWarning refused_;
};

} // namespace wm::serve

#endif
