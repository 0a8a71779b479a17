/**
 * @file
 * The push server: pages on a websocket port, pushes from a line port and from an http port, all in one process and on the
 * public API alone. Everything but stop() on the thread that runs it.
 */
#ifndef WM_SERVE_PUSH_SERVER_H
#define WM_SERVE_PUSH_SERVER_H

#include "wm-serve/page_port.h"
#include "wm-serve/push_options.h"
#include "wm/wm.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wm::serve {

/// What became of a push.
struct PushResult {
    enum class Kind : uint8_t {
        kOk,      ///< at least one page took it
        kOffline, ///< nobody did
        kBad,     ///< reason says what was wrong, offset where
        kPending, ///< done(hub, pages, user) will tell
    };
    Kind kind;
    const char *reason = nullptr; ///< static
    size_t offset = 0;
};

class PushServer {
public:
    explicit PushServer(const PushOptions &options) : options_(options) {}
    PushServer(const PushServer &) = delete;
    PushServer &operator=(const PushServer &) = delete;
    ~PushServer() { wm_app_free(app_); }

    /// Makes everything that needs no socket; false after a message on standard error.
    bool setup();
    /// Serves until stop(); false after a message on standard error.
    bool run();
    /// Any thread.
    void stop() { wm_app_stop(app_); }

    /// Takes a line of the inner port or a body of POST /push.
    PushResult push(std::string_view line, wm_hub_result_fn done, void *user);

    const PushOptions &options() const { return options_; }
    /// The page to try it on.
    std::string page() const;

private:
    wm_worker *add_worker(const std::string &address, bool (*prepare)(wm_worker *, PushServer &));
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
