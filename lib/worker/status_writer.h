/**
 * @file
 * Keeps the process's status page up to date, once a turn, before the loop waits or the host has its thread
 * back. The app's thread; the page is its owner's.
 */
#ifndef WM_WORKER_STATUS_WRITER_H
#define WM_WORKER_STATUS_WRITER_H

#include "conn/reactor.h"
#include "core/status_page.h"

namespace wm {

class App;
class Client;
class Worker;

class StatusWriter : public ReactorObserver {
public:
    explicit StatusWriter(App &app) : app_(app) {}

    /// Publishes to that page from now on.
    void attach(StatusPage *page);
    /// After so many requests the process asks to be replaced.
    void limit_requests(uint64_t most) { limit_ = most; }
    void idle() override;

private:
    void publish_requests(int64_t now_ms, uint64_t requests);
    void reach_limit();
    void publish_rate(int64_t now_ms, uint32_t fresh);
    PageState state() const;
    void publish_rows();
    void publish_row(const Endpoint &endpoint, const char *address, RowState state, uint64_t shed);
    void write_text(char *out, size_t size, const char *text);
    void begin_change();

    App &app_;
    StatusPage *page_ = nullptr;
    uint64_t requests_ = 0;
    uint64_t limit_ = UINT64_MAX; ///< of requests
    uint32_t rows_ = 0;
    uint32_t seen_ = 0;                                  ///< endpoints, while the rows are being written
    bool changing_ = false;                              ///< texts are being written
    const Endpoint *row_owners_[StatusPage::kRows] = {}; ///< of rows_; an endpoint that goes changes the rows first
};

} // namespace wm

#endif
