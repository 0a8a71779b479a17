#include "worker/own_keys.h"

#include "worker/app.h"
#include "worker/worker.h"

#include <ctime>

namespace wm {

int OwnKeys::add(Worker &worker)
{
    auto entry = std::make_unique<Entry>(Entry{&worker, TlsFiles(worker)});
    TlsBundle bundle;
    if (int result = entry->files.read(*worker.tls(), bundle))
        return result;
    remove(worker);
    entries_.push_back(std::move(entry));
    due_ms_ = 0; // warns of those that end soon
    app_.reactor.deadline_moved();
    return 0;
}

void OwnKeys::remove(const Worker &worker)
{
    std::erase_if(entries_, [&](const auto &entry) { return entry->worker == &worker; });
    if (!entries_.empty())
        return;
    due_ms_ = Loop::kNever;
    app_.reactor.deadline_moved();
}

void OwnKeys::look(int64_t now_ms)
{
    if (now_ms < due_ms_)
        return;
    due_ms_ = now_ms + app_.options.tls_check_ms;
    for (auto &entry : entries_) {
        TlsBundle bundle;
        entry->files.refresh(false, *entry->worker->tls(), bundle);
        entry->files.warn_of_end(time(nullptr));
    }
}

} // namespace wm
