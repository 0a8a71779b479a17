#include "worker/status_writer.h"

#include "worker/app.h"
#include "worker/process_link.h"
#include "worker/shutdown.h"
#include "worker/timers.h"
#include "worker/worker.h"

#include <cstring>

namespace wm {

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

RowState state_of(const Worker &worker)
{
    if (worker.listening())
        return worker.accept_paused() ? RowState::kPaused : RowState::kListening;
    return worker.listen_failed() ? RowState::kListenFailed : RowState::kNone;
}

/// Whether the worker has a row: one that other processes serve has none, unless it also listens here.
bool belongs(const App &app, const Worker &worker)
{
    if (worker.released())
        return false;
    return !app.link || app.link->starts(worker) || state_of(worker) != RowState::kNone || !worker.connections().empty();
}

} // namespace

void StatusWriter::attach(StatusPage *page)
{
    page_ = page;
    app_.reactor.observe(*this, kIdle);
}

PageState StatusWriter::state() const
{
    if (app_.shutdown->begun())
        return app_.shutdown->draining() ? PageState::kDraining : PageState::kStopping;
    return app_.started() ? PageState::kServing : PageState::kStarting;
}

/// Runs each turn: rows are written only when they have changed.
void StatusWriter::idle()
{
    StatusPage &page = *page_;
    page.state.store(state(), kRelaxed);
    page.connections.store(app_.reactor.connections.live(), kRelaxed);
    page.timers.store(app_.timers->live(), kRelaxed);
    page.send_fail.store(app_.reactor.outbox.send_fail(), kRelaxed);
    if (app_.reactor.status_changed)
        publish_rows();
    uint64_t requests = app_.reactor.dispatch.messages();
    if (requests != requests_)
        publish_requests(app_.reactor.loop.now_ms(), requests);
}

void StatusWriter::publish_requests(int64_t now_ms, uint64_t requests)
{
    StatusPage &page = *page_;
    publish_rate(now_ms, static_cast<uint32_t>(requests - requests_));
    requests_ = requests;
    page.requests.store(requests, kRelaxed);
    if (requests >= limit_) [[unlikely]]
        reach_limit();
    for (uint32_t row = 0; row < rows_; row++)
        page.row[row].requests.store(row_workers_[row]->requests, kRelaxed);
}

void StatusWriter::reach_limit()
{
    limit_ = UINT64_MAX;
    app_.link->ask_to_be_replaced("max_requests");
}

void StatusWriter::publish_rate(int64_t now_ms, uint32_t fresh)
{
    StatusPage &page = *page_;
    int64_t second = now_ms / 1000, before = page.second.load(kRelaxed);
    if (second != before) {
        page.in_second_before.store(second == before + 1 ? page.in_second.load(kRelaxed) : 0, kRelaxed);
        page.in_second.store(0, kRelaxed);
        page.second.store(second, kRelaxed);
    }
    page.in_second.store(page.in_second.load(kRelaxed) + fresh, kRelaxed);
}

void StatusWriter::publish_rows()
{
    app_.reactor.status_changed = false;
    uint32_t rows = 0, workers = 0;
    for (const auto &worker : app_.workers()) {
        if (!belongs(app_, *worker))
            continue;
        if (workers++ < StatusPage::kRows) {
            row_workers_[rows] = worker.get();
            publish_row(page_->row[rows++], *worker);
        }
    }
    if (rows_ != rows) {
        begin_change();
        page_->rows.store(rows, kRelaxed);
        rows_ = rows;
    }
    page_->workers.store(workers, kRelaxed);
    if (changing_)
        page_->version.fetch_add(1, std::memory_order_release);
    changing_ = false;
}

void StatusWriter::publish_row(StatusRow &row, const Worker &worker)
{
    write_text(row.name, sizeof row.name, worker.options.name.c_str());
    write_text(row.address, sizeof row.address, worker.address());
    row.state.store(state_of(worker), kRelaxed);
    row.connections.store(static_cast<uint32_t>(worker.connections().size()), kRelaxed);
    row.requests.store(worker.requests, kRelaxed);
    row.shed.store(worker.shed(), kRelaxed);
}

void StatusWriter::write_text(char *out, size_t size, const char *text)
{
    if (strncmp(out, text, size - 1) == 0)
        return;
    begin_change();
    strncpy(out, text, size - 1);
    out[size - 1] = '\0';
}

void StatusWriter::begin_change()
{
    if (!changing_)
        page_->version.fetch_add(1, std::memory_order_acq_rel);
    changing_ = true;
}

} // namespace wm
