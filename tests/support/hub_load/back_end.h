/**
 * @file
 * A back end under load: a connection to the line port, and the pushes on it that wait for their answers. The app's thread.
 *
 * A line behind the server's `end` was not taken, and is sent again over the next connection, as `wm-push -l` does. So is nothing else: a
 * line without an answer, on a connection that ends without `end`, is cut.
 */
#ifndef WM_TESTS_HUB_LOAD_BACK_END_H
#define WM_TESTS_HUB_LOAD_BACK_END_H

#include "judge.h"
#include "wm/wm.h"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace hub_load {

class Load;

class BackEnd {
public:
    enum class Kind : uint8_t {
        kSteady,  ///< one connection after the other
        kCareful, ///< a connection for one push, which asks for `end` before it sends it
        kBlunt,   ///< a connection for one push, which is sent at once
    };

    /// machine: which of the addresses, counted round and round.
    BackEnd(Load &load, Kind kind, size_t machine);
    BackEnd(const BackEnd &) = delete;
    BackEnd &operator=(const BackEnd &) = delete;

    /// A steady one sends so many pushes, now or with its next connection.
    void owe(uint32_t pushes);
    void owe_broadcast();
    /// One for one push begins with it.
    void begin();
    /// Whether it has neither a connection nor a push.
    bool idle() const { return state_ == State::kIdle; }

private:
    enum class State : uint8_t { kIdle, kConnecting, kAsking, kReady, kEnded };

    void connect();
    void opened(wm_conn conn);
    void message(std::string_view line);
    void answer(std::string_view line);
    void closed(std::string_view text);
    void drop_in_flight();
    void ready();
    bool has_room() const;
    void send_due();
    void push(uint32_t uid);
    void send(PushId id);

    Load &load_;
    Kind kind_;
    wm_client *client_;
    State state_ = State::kIdle;
    bool finished_ = false; ///< one for one push: it has been answered, or is lost
    bool nobody_listens_ = false;
    int64_t began_ms_ = 0;  ///< the connection
    int64_t silent_ms_ = 0; ///< from there until its first line was sent
    uint32_t owed_ = 0;
    uint32_t owed_broadcasts_ = 0;
    std::deque<PushId> in_flight_;
    std::deque<PushId> again_;
    std::string error_;
};

} // namespace hub_load

#endif
