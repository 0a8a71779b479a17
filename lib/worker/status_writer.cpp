#include "worker/status_writer.h"

#include "worker/app.h"

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

/// A configured worker of other processes has no part in this one, unless it listens here too.
bool belongs(const App &app, const Worker &worker)
{
    if (worker.released())
        return false;
    return !app.link || app.link->starts(worker) || state_of(worker) != RowState::kNone || !worker.connections().empty();
}

} // namespace

void StatusWriter::publish(App &app, PageState state)
{
    if (!page_)
        return;
    page_->state.store(state, kRelaxed);
    page_->connections.store(app.connections.live(), kRelaxed);
    page_->timers.store(app.timers.live(), kRelaxed);
    page_->send_fail.store(app.outbox.send_fail(), kRelaxed);
    uint64_t requests = app.dispatch.messages();
    if (requests != requests_)
        publish_rate(app.loop.now_ms(), requests);
    publish_rows(app);
}

void StatusWriter::publish_rate(int64_t now_ms, uint64_t requests)
{
    uint32_t fresh = static_cast<uint32_t>(requests - requests_);
    requests_ = requests;
    page_->requests.store(requests, kRelaxed);
    int64_t second = now_ms / 1000, before = page_->second.load(kRelaxed);
    if (second != before) {
        page_->in_second_before.store(second == before + 1 ? page_->in_second.load(kRelaxed) : 0, kRelaxed);
        page_->in_second.store(0, kRelaxed);
        page_->second.store(second, kRelaxed);
    }
    page_->in_second.store(page_->in_second.load(kRelaxed) + fresh, kRelaxed);
}

void StatusWriter::publish_rows(App &app)
{
    uint32_t rows = 0, workers = 0;
    for (const auto &worker : app.workers()) {
        if (!belongs(app, *worker))
            continue;
        if (workers++ < StatusPage::kRows)
            publish_row(page_->row[rows++], *worker);
    }
    if (page_->rows.load(kRelaxed) != rows) {
        begin_change();
        page_->rows.store(rows, kRelaxed);
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
