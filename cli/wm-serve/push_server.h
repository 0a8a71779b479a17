/**
 * @file
 * The push server: pages on a websocket port, pushes from a line port and an http port, all in one process under a master. It uses the
 * public API only.
 */
#ifndef WM_SERVE_PUSH_SERVER_H
#define WM_SERVE_PUSH_SERVER_H

#include "shared/json_scan.h"
#include "wm-serve/origin.h"
#include "wm-serve/page_port.h"
#include "wm-serve/push_options.h"
#include "wm-serve/push_result.h"
#include "wm/wm.h"

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wm::serve {

class PushServer : public PushTarget {
public:
    explicit PushServer(const PushOptions &options) : options_(options) {}
    PushServer(const PushServer &) = delete;
    PushServer &operator=(const PushServer &) = delete;
    ~PushServer() override { wm_app_free(app_); }

    /// Creates everything that needs no socket. False after a message on standard error.
    bool setup();
    /// Whether a start would find the certificate and key as they should be. False: wm_last_error() says why not.
    bool check() const;
    /// Runs a command of wm_app_main and returns its exit code. `announces`: a start prints where it listens.
    int run(std::vector<std::string> arguments, bool announces);

    /// Pushes a line of the inner port or a body of POST /push.
    PushResult push(std::string_view line, wm_hub_result_fn done, void *user) override;

    const PushOptions &options() const { return options_; }
    /// Whether a client may use this Host, by --host.
    bool allows_host(std::string_view authority) const { return hosts_.allows(authority); }
    bool debug() const { return debug_; }
    /// The test page.
    std::string page() const;

private:
    [[gnu::cold, gnu::noinline]] PushResult refuse(const PushLine &line) const;
    [[gnu::cold, gnu::noinline]] PushResult look_closer(const PushLine &line, size_t bytes, int result, PushResult push) const;
    std::string back_end(bool here) const;
    bool set_drain();
    bool set_options();
    bool set_tls(wm_worker *worker, const std::string &address) const;
    bool listen() const;
    void announce() const;
    static int32_t started(wm_worker *worker, int32_t index, void *self);

    PushOptions options_;
    std::atomic_flag *announces_ = nullptr; ///< set once it has; nullptr: it does not. As long as the process
    HostList hosts_;
    wm_app *app_ = nullptr;
    wm_hub *hub_ = nullptr;
    wm_worker *page_worker_ = nullptr;
    wm_worker *line_worker_ = nullptr;
    wm_worker *http_worker_ = nullptr;
    PagePort pages_;
    bool debug_ = false;
};

} // namespace wm::serve

#endif
