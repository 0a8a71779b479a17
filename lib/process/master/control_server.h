/**
 * @file
 * The master's control socket: one packet is the request, packets answer, the last of them with an exit code.
 * For this user only (mode 0600).
 *
 * The master renders the answers, so that a command of another version of the library can print them. The
 * master's thread.
 */
#ifndef WM_PROCESS_MASTER_CONTROL_SERVER_H
#define WM_PROCESS_MASTER_CONTROL_SERVER_H

#include "core/event_watch.h"
#include "core/fd.h"
#include "core/loop.h"
#include "process/answer.h"
#include "process/file_place.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace wm {

class ControlServer {
public:
    /// Takes requests: their words, and the id of the client for the answer.
    class Handler {
    public:
        virtual void asked(uint64_t client, const std::vector<std::string> &words) = 0;

    protected:
        ~Handler() = default;
    };

    /// name: the prefix of its own answers.
    ControlServer(Loop &loop, Handler &handler, const std::string &name) : loop_(loop), handler_(handler), name_(name) {}
    ControlServer(const ControlServer &) = delete;
    ControlServer &operator=(const ControlServer &) = delete;

    /// Replaces a file at the path, which is stale as this process holds the lock; WM_ESTATE if a master with
    /// another lock answers there. 0, or a WM_E... code with its detail.
    int open(const std::string &path);
    /// Recreates the socket if it was removed. Only with the lock, as it replaces a file at the path.
    Restored restore();
    /// Removes the socket, if it is still there and this one's; clients stay.
    void close();
    /// In a child.
    void forget();

    void answer(uint64_t client, Answer kind, const std::string &text);
    /// A text of any length. False if it could not be sent; the client gets an error.
    bool answer_file(uint64_t client, const std::string &content);
    /// The last answer.
    void end(uint64_t client, int exit_code);

    /// Drops clients that send no request in time, and accepts again after a pause. Returns when it has to be
    /// called again.
    int64_t expire(int64_t now_ms);

private:
    struct Client {
        ControlServer *server;
        uint64_t id;
        Fd fd;
        EventWatch watch;
        int64_t until_ms;
    };

    static void acceptable(ControlServer *self);
    static void readable(Client *client);
    void accept_one();
    void refuse(int fd) const;
    Client *find(uint64_t id);
    bool send(Client &client, const std::string &packet, int fd);
    void drop(uint64_t id);

    Loop &loop_;
    Handler &handler_;
    std::string name_;
    std::string path_;
    Fd listener_;
    FileIdentity file_; ///< the socket at path_
    EventWatch watch_;
    int64_t accept_at_ms_ = Loop::kNever; ///< after a pause: without a descriptor the listener stays readable
    std::vector<std::unique_ptr<Client>> clients_;
    std::vector<std::unique_ptr<Client>> dropped_; ///< freed when none of their callbacks can be running
    uint64_t next_id_ = 1;
};

} // namespace wm

#endif
