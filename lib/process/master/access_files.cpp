#include "process/master/access_files.h"

#include "core/error.h"
#include "core/log.h"
#include "worker/access_logs.h"
#include "worker/app.h"
#include "worker/worker.h"

#include <algorithm>
#include <utility>

namespace wm {

int AccessFiles::open(const App &app)
{
    for (const auto &worker : app.workers()) {
        const std::string &path = worker->options.access_log;
        if (worker->released() || path.empty())
            continue;
        if (int result = AccessLogs::check(*worker))
            return result;
        auto file = std::find_if(files_.begin(), files_.end(), [&](const File &each) { return each.path == path; });
        if (file == files_.end()) {
            Fd fd;
            if (int result = AccessLogs::open_file(path, fd))
                return result;
            file = files_.insert(files_.end(), File{path, std::move(fd), {}});
        }
        file->workers.push_back(worker.get());
    }
    return 0;
}

void AccessFiles::reopen()
{
    for (File &file : files_)
        if (Fd fd; AccessLogs::open_file(file.path, fd) == 0)
            file.fd = std::move(fd);
        else
            log(WM_LOG_ERROR, "%s", last_error());
}

/// A process gets the files of its own worker, and of those that any process may open.
bool AccessFiles::belongs(const File &file, const Worker *worker)
{
    return worker && std::any_of(file.workers.begin(), file.workers.end(),
                                 [worker](const Worker *each) { return each == worker || each->options.count == 0; });
}

std::vector<KeptLog> AccessFiles::kept_for(const Worker *worker) const
{
    std::vector<KeptLog> out;
    for (const File &file : files_)
        if (belongs(file, worker))
            out.push_back({file.fd.get(), file.path});
    return out;
}

void AccessFiles::hand_on(const Channel &channel, const Worker *worker) const
{
    for (const File &file : files_)
        if (belongs(file, worker))
            channel.send(MessageKind::kAccessLog, 0, 0, file.path, file.fd.get(), false);
}

void AccessFiles::forget(const std::vector<KeptLog> &keep)
{
    for (File &file : files_)
        if (std::any_of(keep.begin(), keep.end(), [&](const KeptLog &kept) { return kept.fd == file.fd.get(); }))
            file.fd.release();
    files_.clear();
}

} // namespace wm
