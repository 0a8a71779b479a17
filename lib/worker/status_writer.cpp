#include "worker/status_writer.h"

#include "worker/app.h"
#include "worker/client.h"
#include "worker/clients.h"
#include "worker/peers.h"
#include "worker/process_link.h"
#include "worker/shutdown.h"
#include "worker/timers.h"
#include "worker/worker.h"

#include <algorithm>
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

RowState state_of(const Client &client)
{
    const Connection *conn = client.connection();
    if (!conn || conn->state > ConnState::kOpen)
        return RowState::kDisconnected;
    return conn->state == ConnState::kOpen ? RowState::kConnected : RowState::kConnecting;
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
    if (app_.peers)
        app_.peers->measure(page.peers);
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
        page.row[row].requests.store(row_owners_[row]->requests, kRelaxed);
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

/// Those of workers first: the first row is that of the worker whose process it is.
void StatusWriter::publish_rows()
{
    app_.reactor.status_changed = false;
    seen_ = 0;
    for (const auto &worker : app_.workers())
        if (belongs(app_, *worker))
            publish_row(*worker, worker->address(), state_of(*worker), worker->shed());
    for (const auto &client : app_.clients->all())
        if (!client->released())
            publish_row(*client, client->display.c_str(), state_of(*client), 0);
    uint32_t rows = std::min<uint32_t>(seen_, StatusPage::kRows);
    if (rows_ != rows) {
        begin_change();
        page_->rows.store(rows, kRelaxed);
        rows_ = rows;
    }
    page_->workers.store(seen_, kRelaxed);
    if (changing_)
        page_->version.fetch_add(1, std::memory_order_release);
    changing_ = false;
}

void StatusWriter::publish_row(const Endpoint &endpoint, const char *address, RowState state, uint64_t shed)
{
    uint32_t at = seen_++;
    if (at >= StatusPage::kRows)
        return;
    row_owners_[at] = &endpoint;
    StatusRow &row = page_->row[at];
    write_text(row.name, sizeof row.name, endpoint.options.name.c_str());
    write_text(row.address, sizeof row.address, address);
    row.state.store(state, kRelaxed);
    row.connections.store(static_cast<uint32_t>(endpoint.connections().size()), kRelaxed);
    row.requests.store(endpoint.requests, kRelaxed);
    row.shed.store(shed, kRelaxed);
    row.dropped.store(endpoint.slow.dropped, kRelaxed);
    row.replaced.store(endpoint.slow.replaced, kRelaxed);
    row.slow_closed.store(endpoint.slow.closed, kRelaxed);
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
