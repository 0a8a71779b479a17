/**
 * @file
 * The push server: pages on a websocket port, pushes from a line port and an http port, all in one process under a master.
 */
#ifndef WM_SERVE_PUSH_SERVER_H
#define WM_SERVE_PUSH_SERVER_H

#include "wm-serve/inner_secret.h"
#include "wm-serve/origin.h"
#include "wm-serve/page_port.h"
#include "wm-serve/push_call.h"
#include "wm-serve/push_options.h"
#include "wm-serve/server.h"
#include "wm-serve/ticket_desk.h"
#include "wm/wm.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wm::serve {

class PushServer final : public Server, public PushTarget {
public:
    ~PushServer() override { free_app(); }

    void add_flags(CLI::App &command) override;
    InstanceOptions &instance() override { return options_; }
    void reset() override;
    std::string error() const override { return options_.error(); }
    std::string files_error() override;
    std::vector<std::string> warnings() const override { return options_.warnings(); }
    bool check() const override;

    /// Pushes a line of the inner port or a body of POST /push.
    PushResult push(std::string_view line, PushCall &call) override;
    /// Takes a body of POST /ticket: the line of cmd ticket, or an object with a uid alone.
    PushResult ticket(std::string_view body, PushCall &call);

    const PushOptions &options() const { return options_; }
    /// Whether a client may use this Host, by --host.
    bool allows_host(std::string_view authority) const { return hosts_.allows(authority); }
    /// Why pushes cannot be certain of other machines now; empty: they can.
    std::string unready() const { return wm_hub_ready(hub_) == 0 ? "" : wm_last_error(); }
    bool debug() const { return debug_; }
    /// Of back ends; a push by http has it, too.
    const InnerSecret &secret() const { return secret_; }
    PagePort &pages() { return pages_; }
    /// The test page.
    std::string page() const;

private:
    [[gnu::noinline]] PushResult carry_out(const PushLine &line, std::string_view whole, PushCall &call);
    PushResult issue(const PushLine &line, PushCall &call);
    std::string back_end(bool here) const;
    bool make_workers() override;
    void announce(size_t part) const override;
    bool set_drain();
    bool make_page_worker();
    bool make_http_worker();
    bool set_tls(wm_worker *worker, const std::string &address) const;
    bool set_access_log(wm_worker *worker) const;
    std::string load();
    bool listen() const;
    static int32_t started(wm_worker *worker, int32_t index, void *self);

    PushOptions options_;
    HostList hosts_;
    InnerSecret secret_;
    wm_hub *hub_ = nullptr;
    wm_worker *page_worker_ = nullptr;
    wm_worker *line_worker_ = nullptr;
    wm_worker *http_worker_ = nullptr; ///< where it is page_worker_, both have one port
    TicketDesk tickets_;
    PagePort pages_;
    bool debug_ = false;
};

} // namespace wm::serve

#endif
