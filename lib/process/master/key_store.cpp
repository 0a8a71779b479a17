#include "process/master/key_store.h"

#include "core/error.h"
#include "core/log.h"
#include "net/tls/tls_server.h"
#include "process/key_file.h"
#include "process/report/status_report.h"
#include "worker/app.h"
#include "worker/worker.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

namespace wm {

int KeyStore::open(const App &app, int64_t now_ms)
{
    for (size_t at = 0; at < app.workers().size(); at++) {
        const Worker &worker = *app.workers()[at];
        if (worker.released() || !worker.wants_tls())
            continue;
        Entry &entry = entries_.emplace_back(Entry{&worker, at, TlsFiles(worker), {}, 0});
        TlsServer server;
        TlsBundle bundle;
        if (int result = entry.files.read(server, bundle)) {
            std::string detail = last_error();
            return fail(result, "%s: %s", worker.address(), detail.c_str());
        }
        if (int result = keep(entry, bundle, false))
            return result;
    }
    if (!entries_.empty()) {
        look_at_ms_ = now_ms;
        rotate_at_ms_ = now_ms + options_.tls_ticket_ms;
    }
    return 0;
}

/// Puts the bundle into a new file, with the ticket keys of the one before.
int KeyStore::keep(Entry &entry, const TlsBundle &bundle, bool rotates)
{
    TicketKeys tickets;
    TlsBundle before;
    bool known = entry.file && read_key_file(entry.file.get(), tickets, before);
    if (rotates && !known) // its certificates are in it
        return fail(WM_ESYS, "cannot read the keys of worker %s again: their tickets stay", entry.worker->options.name.c_str());
    if (!known)
        tickets.make();
    else if (rotates)
        tickets.rotate();
    Fd file = make_key_file(tickets, rotates ? before : bundle);
    explicit_bzero(&tickets, sizeof tickets);
    if (!file)
        return fail(code_of_errno(errno), "cannot keep the keys of worker %s: %s", entry.worker->options.name.c_str(), strerror(errno));
    entry.file = std::move(file);
    entry.generation = ++generation_;
    behind_ = true;
    return 0;
}

bool KeyStore::refresh(Entry &entry, bool anyway)
{
    TlsServer server; // to validate; the keys in it are gone before a process is forked
    TlsBundle bundle;
    if (!entry.files.refresh(anyway, server, bundle))
        return entry.files.error().empty();
    if (keep(entry, bundle, false) != 0)
        log(WM_LOG_ERROR, "%s", last_error());
    return true;
}

bool KeyStore::step(int64_t now_ms)
{
    if (now_ms >= rotate_at_ms_) {
        rotate_at_ms_ = now_ms + options_.tls_ticket_ms;
        rotate();
    }
    if (now_ms >= look_at_ms_) {
        look_at_ms_ = now_ms + options_.tls_check_ms;
        for (Entry &entry : entries_) {
            refresh(entry, false);
            entry.files.warn_of_end(time(nullptr));
        }
    }
    return std::exchange(behind_, false);
}

void KeyStore::rotate()
{
    for (Entry &entry : entries_)
        if (keep(entry, TlsBundle(), true) != 0)
            log(WM_LOG_ERROR, "%s", last_error());
}

std::string KeyStore::reload()
{
    std::string errors;
    for (Entry &entry : entries_)
        if (!refresh(entry, true) && errors.find(entry.files.error()) == std::string::npos) // workers may share files
            errors += (errors.empty() ? "" : "; ") + entry.files.error();
    return errors;
}

int64_t KeyStore::due_ms() const
{
    return std::min(look_at_ms_, rotate_at_ms_);
}

/// A process gets the keys of its own worker, and of those that any process may open.
bool KeyStore::belongs(const Entry &entry, const Worker *worker) const
{
    return worker && (entry.worker == worker || entry.worker->options.count == 0);
}

std::vector<KeptKeys> KeyStore::kept_for(const Worker *worker) const
{
    std::vector<KeptKeys> out;
    for (const Entry &entry : entries_)
        if (belongs(entry, worker))
            out.push_back({entry.file.get(), entry.place, entry.worker->options.name});
    return out;
}

void KeyStore::hand_on(const Channel &channel, const Worker *worker, uint64_t &have)
{
    for (const Entry &entry : entries_)
        if (entry.generation > have && belongs(entry, worker) &&
            !channel.send(MessageKind::kKeys, 0, entry.place, {}, entry.file.get(), false)) {
            behind_ = true;
            return;
        }
    have = generation_;
}

std::vector<CertificateFacts> KeyStore::certificates() const
{
    std::vector<CertificateFacts> out;
    int64_t now = time(nullptr);
    for (const Entry &entry : entries_)
        for (const TlsFiles::Certificate &certificate : entry.files.certificates())
            out.push_back({entry.worker->options.name, certificate.path, certificate.end, certificate.end - now, entry.files.error()});
    return out;
}

void KeyStore::forget(const std::vector<KeptKeys> &keep)
{
    for (Entry &entry : entries_)
        if (std::any_of(keep.begin(), keep.end(), [&](const KeptKeys &kept) { return kept.fd == entry.file.get(); }))
            entry.file.release();
    entries_.clear();
}

} // namespace wm
