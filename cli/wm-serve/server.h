/**
 * @file
 * A server of wm-serve: the settings of one sub-command, their checks, and what it serves, in processes under a master. It uses the public
 * API only.
 *
 * The command line fills in the settings (add_flags), main.cpp judges them, setup() makes what needs no socket, and run() hands over to
 * wm_app_main. One thread.
 */
#ifndef WM_SERVE_SERVER_H
#define WM_SERVE_SERVER_H

#include "wm-serve/instance_options.h"
#include "wm/wm.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace wm::serve {

class Server {
public:
    Server() = default;
    Server(const Server &) = delete;
    Server &operator=(const Server &) = delete;
    virtual ~Server() { free_app(); }

    /// Adds a flag for each setting.
    virtual void add_flags(CLI::App &command) = 0;
    virtual InstanceOptions &instance() = 0;
    /// Sets all settings but the name and run_dir of the instance to their defaults.
    virtual void reset() = 0;
    /// Empty, or a usage error that names the flag and the remedy.
    virtual std::string error() const = 0;
    /// Empty, or the usage error of what is not given and a start needs.
    virtual std::string missing() const { return ""; }
    /// Empty, or the error of a file that a start reads, with its path.
    virtual std::string files_error() { return ""; }
    /// What to warn of at start.
    virtual std::vector<std::string> warnings() const { return {}; }

    /// Makes everything that needs no socket, without workers where a setting that a start needs is missing. False with the error in
    /// wm_last_error.
    bool setup();
    /// Whether a start would find certificates and keys as they should be. False with the error in wm_last_error.
    virtual bool check() const { return true; }
    /// Runs a command of wm_app_main and returns its exit code. `announces`: a start prints where it listens.
    int run(std::vector<std::string> arguments, bool announces);

protected:
    /// Makes the workers of the app. False with the error in wm_last_error.
    virtual bool make_workers() = 0;
    /// Prints where it listens; `part`: as given to serves().
    virtual void announce(size_t part) const = 0;

    /// check() of one worker; NULL: there is none.
    static bool check(wm_worker *worker) { return !worker || wm_worker_check(worker) == 0; }
    /// Gives a worker the user and group of the instance; false with the error in wm_last_error.
    bool set_identity(wm_worker *worker);
    /// Call it in a process that serves: the first one announces. Workers with processes of their own are parts, from 0 on: each knows its
    /// own port alone.
    void serves(size_t part = 0);
    /// Call it in the destructor of a class whose members callbacks reach.
    void free_app()
    {
        wm_app_free(app_);
        app_ = nullptr;
    }

    wm_app *app_ = nullptr;

private:
    static constexpr size_t kParts = 1024; ///< that are announced

    std::atomic_flag *announced_ = nullptr; ///< kParts, in memory of all processes; nullptr: nothing is printed. As long as the process
};

class ListenAddress;

/// The scheme as programs that connect to it name it.
std::string url_scheme(const ListenAddress &address);
/// That of a websocket there: the address may be an http port's, too.
std::string websocket_scheme(const ListenAddress &address);
/// How a client on this machine reaches a worker. A unix socket is shown as it was given.
std::string url(wm_worker *worker, const char *path = "");
/// The same for a websocket.
std::string websocket_url(wm_worker *worker);

/// How many connections that take `descriptors` each the descriptor limit has room for.
int64_t connections_within_limit(int64_t descriptors);

} // namespace wm::serve

#endif
