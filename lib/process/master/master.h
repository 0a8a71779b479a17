/**
 * @file
 * The master process: starts the children, keeps them alive, and obeys signals and the control socket. It
 * accepts no client connections. One thread.
 */
#ifndef WM_PROCESS_MASTER_MASTER_H
#define WM_PROCESS_MASTER_MASTER_H

#include "core/event_watch.h"
#include "core/loop.h"
#include "process/command/command_line.h"
#include "process/instance.h"
#include "process/master/access_files.h"
#include "process/master/children.h"
#include "process/master/control_server.h"
#include "process/master/daemon.h"
#include "process/master/key_store.h"
#include "process/master/listings.h"
#include "process/master/log_file.h"
#include "process/master/notify.h"
#include "process/master/peer_links.h"
#include "process/master/readiness.h"
#include "process/master/reload.h"
#include "process/master/replacements.h"
#include "process/master/settings_store.h"
#include "process/master/socket_store.h"
#include "process/signals.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace wm {

class App;
class ChildLink;

class Master final : private ControlServer::Handler, private ChildEvents {
public:
    Master(App &app, Instance &instance, Daemon &daemon, const CommandLine &line, std::vector<std::string> arguments);
    Master(const Master &) = delete;
    Master &operator=(const Master &) = delete;
    ~Master();

    /// Runs until the end. The exit code in the master; -1 in a child of fork(2), which goes on with child().
    int run();
    std::unique_ptr<ChildLink> child();

private:
    enum class Phase { kStarting, kServing, kStopping, kEnded };

    // The start.
    bool prepare();
    bool lock();
    bool resolve_identities();
    bool open_keys();
    bool open_listeners();
    bool add_services();
    bool open_control();
    bool refuse(const std::string &text, int exit_code = 1);
    bool refuse_listener(int code, const std::string &text);
    void finish_start();
    void fail_start(const Child &child);
    void announce();

    // A turn.
    Children::Started act();
    Children::Started start_processes(int64_t now_ms);
    void arm();
    static void signal_arrived(Master *self);
    void take_signals();

    // Its files.
    bool open_log();
    void maintain_files(int64_t now_ms);
    void restore_files();
    void rotate_log();
    void reopen_files();
    void set_files();
    void log_full() override;

    // The end.
    void stop(bool graceful);
    void stop_children(bool graceful);
    void stop_services();
    int64_t longest_stop_ms(bool graceful) const;
    void finish();
    void forking(const SlotJob &job) override;
    void forked() override;
    void become_child();
    std::string find_helper_of(const SlotJob &job) const;
    void become_program();

    // Requests, and events of children.
    void asked(uint64_t client, const std::vector<std::string> &words) override;
    void ask_reload(uint64_t client, bool graceful);
    void answer_status(uint64_t client, bool json);
    void child_ready(Child &child, Child *replaced) override;
    void child_died(Child &child, SlotRole role, int status) override;
    void child_asks(Child &child, const std::string &why) override;
    void child_listed(Child &child, uint64_t listing) override;
    void child_unlinked(Child &child, uint64_t node, int32_t number) override;

    void begin_reload();
    void end_reload();
    std::string prefixed(const std::string &text) const;

    App &app_;
    Instance &instance_;
    Daemon &daemon_;
    CommandLine line_;
    std::vector<std::string> arguments_;
    std::string stop_command_; ///< for the banner
    Loop loop_;
    EventWatch signal_watch_;
    Signals signals_;
    std::vector<std::unique_ptr<Identity>> identities_; ///< of each worker
    Identity service_identity_;
    SocketStore sockets_;
    KeyStore keys_;
    AccessFiles access_files_;
    SettingsStore settings_;
    Children children_;
    Reload reload_;
    Replacements replacements_;
    PeerLinks peer_links_;
    ControlServer control_;
    Listings listings_;
    Notify notify_;
    Readiness readiness_;
    LogFile log_;
    LogFile output_;
    std::string helper_; ///< what the process that starts runs; empty: this program
    std::unique_ptr<ChildLink> child_;

    struct Waiting {
        uint64_t client;
        uint64_t reload;
    };

    std::vector<Waiting> reload_waiters_;
    std::vector<uint64_t> stop_waiters_;
    std::vector<ExitCount> exits_;
    Phase phase_ = Phase::kStarting;
    int exit_code_ = 0;
    int64_t started_ms_ = 0;
    int64_t started_unix_ = 0;
    size_t forced_ = 0; ///< children that a stop had to kill
    int64_t maintain_at_ms_ = 0;
    std::string keys_error_;            ///< why the reload that runs left certificates as they were
    std::string lost_;                  ///< the last warning about lost files
    std::string rotate_error_;          ///< the last error of a rotation
    int64_t stop_asked_ms_ = INT64_MAX; ///< the first request that was not graceful
    bool stops_gracefully_ = false;
    bool services_stop_ = false; ///< services were told to stop
    int32_t console_level_;
    bool log_is_full_ = false;
    bool locked_ = false;
    bool prepared_ = false;
    bool start_cancelled_ = false; ///< stopped before all served
};

} // namespace wm

#endif
