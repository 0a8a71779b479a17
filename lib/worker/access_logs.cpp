#include "worker/access_logs.h"

#include "core/append_file.h"
#include "core/error.h"
#include "core/log.h"
#include "session/codecs.h"
#include "worker/app.h"
#include "worker/process_link.h"
#include "worker/worker.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace wm {

int AccessLogs::check(const Worker &worker)
{
    auto row = static_cast<CodecRow>(worker.codec);
    if (worker.options.access_log.empty() || row == CodecRow::kHttp || row == CodecRow::kHandshake)
        return 0;
    return fail(WM_EINVAL, "option 'access_log' of worker '%s': %s has no requests, as http:// and websocket:// have",
                worker.options.name.c_str(), worker.given_address().text.c_str());
}

int AccessLogs::open_file(const std::string &path, Fd &out)
{
    make_directory_of(path);
    out = open_append(path);
    return out ? 0 : fail(code_of_errno(errno), "cannot write to the access log %s: %s", path.c_str(), strerror(errno));
}

int AccessLogs::open(Worker &worker)
{
    const std::string &path = worker.options.access_log;
    if (path.empty()) {
        worker.access_log = nullptr;
        return 0;
    }
    auto entry = std::find_if(entries_.begin(), entries_.end(), [&](const auto &each) { return each->log.path() == path; });
    if (entry == entries_.end()) {
        if (int result = check(worker))
            return result;
        Fd fd(app_.link ? app_.link->access_log(path) : -1);
        bool own = !fd;
        if (int result = own ? open_file(path, fd) : 0)
            return result;
        entries_.push_back(std::make_unique<Entry>(Entry{AccessLog(path, std::move(fd)), own}));
        entry = entries_.end() - 1;
    }
    worker.access_log = &(*entry)->log;
    return 0;
}

bool AccessLogs::reopen(const std::string &path, Fd &fd)
{
    for (auto &entry : entries_)
        if (!entry->own && entry->log.path() == path) {
            entry->log.reopen(std::move(fd), app_.reactor.loop.now_ms());
            return true;
        }
    return false;
}

void AccessLogs::reopen_own()
{
    for (auto &entry : entries_) {
        Fd fd;
        if (!entry->own)
            continue;
        if (open_file(entry->log.path(), fd) == 0)
            entry->log.reopen(std::move(fd), app_.reactor.loop.now_ms());
        else
            log(WM_LOG_ERROR, "%s", last_error());
    }
}

void AccessLogs::run(int64_t now_ms)
{
    for (auto &entry : entries_)
        if (entry->log.due_ms() <= now_ms)
            entry->log.flush(now_ms);
}

int64_t AccessLogs::due_ms() const
{
    int64_t due = Loop::kNever;
    for (const auto &entry : entries_)
        due = std::min(due, entry->log.due_ms());
    return due;
}

void AccessLogs::close()
{
    for (auto &entry : entries_)
        entry->log.close(app_.reactor.loop.now_ms());
}

void AccessLogs::abandon()
{
    for (auto &entry : entries_)
        entry->log.abandon();
}

} // namespace wm
