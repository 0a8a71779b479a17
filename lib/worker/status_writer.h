/**
 * @file
 * Keeps the process's status page up to date, once a turn. The app's thread; the page is its owner's.
 */
#ifndef WM_WORKER_STATUS_WRITER_H
#define WM_WORKER_STATUS_WRITER_H

#include "core/status_page.h"

namespace wm {

class App;
class Worker;

class StatusWriter {
public:
    void attach(StatusPage *page) { page_ = page; }
    bool attached() const { return page_; }
    void publish(App &app, PageState state);

    /// A worker has come, or what its row shows is another, but for its requests.
    void rows_changed() { rows_changed_ = true; }

private:
    void publish_requests(int64_t now_ms, uint64_t requests);
    void publish_rate(int64_t now_ms, uint32_t fresh);
    void publish_rows(App &app);
    void publish_row(StatusRow &row, const Worker &worker);
    void write_text(char *out, size_t size, const char *text);
    void begin_change();

    StatusPage *page_ = nullptr;
    uint64_t requests_ = 0;
    uint32_t rows_ = 0;
    bool rows_changed_ = true;
    bool changing_ = false;                       ///< texts are being written
    const Worker *shown_[StatusPage::kRows] = {}; ///< of rows_; who goes changes the rows first
};

} // namespace wm

#endif
