/**
 * @file
 * The push server: pages on a websocket port, pushes from a line port and from an http port, all in one process and on the
 * public API alone. Everything but stop() on the thread that runs it.
 */
#ifndef WM_SERVE_PUSH_SERVER_H
#define WM_SERVE_PUSH_SERVER_H

#include "wm-serve/page_port.h"
#include "wm-serve/push_options.h"
#include "wm-serve/push_result.h"
#include "wm/wm.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace wm::serve {

class PushServer : public PushTarget {
public:
    explicit PushServer(const PushOptions &options) : options_(options) {}
    PushServer(const PushServer &) = delete;
    PushServer &operator=(const PushServer &) = delete;
    ~PushServer() override { wm_app_free(app_); }

    /// Makes everything that needs no socket; false after a message on standard error.
    bool setup();
    /// Serves until stop(); false after a message on standard error.
    bool run();
    /// Any thread.
    void stop() { wm_app_stop(app_); }

    /// Takes a line of the inner port or a body of POST /push.
    PushResult push(std::string_view line, wm_hub_result_fn done, void *user) override;

    const PushOptions &options() const { return options_; }
    /// The page to try it on.
    std::string page() const;

private:
    std::string push_command() const;
    static int32_t announce(wm_worker *worker, int32_t index, void *self);

    PushOptions options_;
    wm_app *app_ = nullptr;
    wm_hub *hub_ = nullptr;
    wm_worker *page_worker_ = nullptr;
    wm_worker *line_worker_ = nullptr;
    wm_worker *http_worker_ = nullptr;
    PagePort pages_;
};

} // namespace wm::serve

#endif
