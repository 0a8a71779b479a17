/**
 * @file
 * A child's link to its master: executes its commands and reports to it. Lives as long as the process; the
 * app's thread.
 */
#ifndef WM_PROCESS_CHILD_CHILD_LINK_H
#define WM_PROCESS_CHILD_CHILD_LINK_H

#include "core/descriptor_reserve.h"
#include "core/event_watch.h"
#include "core/loop.h"
#include "process/channel.h"
#include "process/child_plan.h"
#include "process/identity.h"
#include "process/signals.h"
#include "worker/process_link.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace wm {

class App;

class ChildLink : public ProcessLink {
public:
    ChildLink(App &app, const ChildPlan &plan, StatusPage *page);

    /// Takes on the identity, and dies with the master from here on. 0, or a WM_E... code with its detail.
    static int assume_role(const Identity &identity, pid_t master);

    /// Connects the app to the master. 0, or a WM_E... code with its detail.
    int attach();
    /// Serves to the end of the process, or, with option pull, returns WM_CHILD.
    int serve();
    /// Reports a failed start to the master.
    void report_failure(int code, const std::string &text);

    int index() const override { return plan_.index; }
    bool starts(const Worker &worker) const override;
    const Service *service() const override { return service_; }
    int settings(std::string &out) override;
    bool set_unready(const std::string &why) override;
    const std::string &unready() const override { return unready_; }
    bool report(std::string_view text) override;
    uint64_t node() const override { return plan_.node; }
    uint64_t epoch() const override { return plan_.epoch; }
    void starting() override;
    void join_peers() override;
    void link_ended(uint64_t node, uint64_t number) override;
    void started() override;
    void ask_to_be_replaced(const char *why) override;
    void failed_start(int code, const char *text) override { report_failure(code, text); }
    int adopt(const std::string &address, bool *shared) override;
    void opened(const std::string &address, int fd) override;
    void closed(const Worker &worker, int fd, bool shared) override;
    int keys_of(const Worker &worker, TicketKeys &tickets, TlsBundle &bundle) override;
    int access_log(const std::string &path) override;
    void gone(const Worker &worker) override;

private:
    static void channel_readable(ChildLink *self);
    bool execute_next();
    static void signal_arrived(ChildLink *self);
    static void log_full(void *self);
    void execute(Message &message);
    void master_died();
    void drain(const Message &message, bool stops);
    void limit_requests();
    void call_reload();
    void set_log(int fd);
    void find_keys();
    void take_keys(Message &message);
    void take_access_log(Message &message);
    void join(Message &message);
    int find_worker();
    int is_missing(const char *kind) const;
    bool has_socket(const std::string &address) const;
    void detach_terminal();

    App &app_;
    ChildPlan plan_;
    StatusPage *page_;
    Channel channel_;
    DescriptorReserve descriptor_; ///< for what a message of the master brings, however many connections there are
    Fd log_;
    EventWatch channel_watch_;
    EventWatch signal_watch_;
    Signals signals_;
    struct Keys {
        Worker *worker; ///< nullptr once the host has freed it
        size_t place;
        Fd file;
    };

    int32_t peers_ = -1;                      ///< processes that are to be joined; -1: the master has not said
    std::vector<Keys> keys_;                  ///< what the master has read
    Worker *worker_ = nullptr;                ///< whose process this is; nullptr once the host has freed it, and in a service
    const Service *service_ = nullptr;        ///< or of which service
    std::string unready_;                     ///< why a service is not ready, as the master has told
    std::optional<std::string> told_unready_; ///< of this service, what the master has
    std::string told_report_;
    bool asked_ = false; ///< to be replaced
};

} // namespace wm

#endif
