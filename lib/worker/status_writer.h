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

private:
    void publish_rate(int64_t now_ms, uint64_t requests);
    void publish_rows(App &app);
    void publish_row(StatusRow &row, const Worker &worker);
    void write_text(char *out, size_t size, const char *text);
    void begin_change();

    StatusPage *page_ = nullptr;
    uint64_t requests_ = 0;
    bool changing_ = false; ///< texts are being written
};

} // namespace wm

#endif
