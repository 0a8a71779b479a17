/**
 * @file
 * The access logs of the workers: the master opens them, with its rights, and hands each process those of its worker. The master's thread.
 */
#ifndef WM_PROCESS_MASTER_ACCESS_FILES_H
#define WM_PROCESS_MASTER_ACCESS_FILES_H

#include "core/fd.h"
#include "process/channel.h"
#include "process/child_plan.h"

#include <string>
#include <vector>

namespace wm {

class App;
class Worker;

class AccessFiles {
public:
    /// Opens those of all workers: 0, or a WM_E... code with its detail.
    int open(const App &app);
    /// Opens the paths anew, as after a rotation by others. One that fails stays, and the log says so.
    void reopen();
    /// What a process of that worker gets at its start; nullptr: a service's.
    std::vector<KeptLog> kept_for(const Worker *worker) const;
    /// The same to one that runs. Without room in the channel, it goes on in the old file.
    void hand_on(const Channel &channel, const Worker *worker) const;
    /// In a child: closes the descriptors that are not in `keep`.
    void forget(const std::vector<KeptLog> &keep);

private:
    struct File {
        std::string path;
        Fd fd;
        std::vector<const Worker *> workers; ///< that write to it
    };

    static bool belongs(const File &file, const Worker *worker);

    std::vector<File> files_;
};

} // namespace wm

#endif
