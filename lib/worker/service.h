/**
 * @file
 * A service: a process of the library's own beside those of the workers, which the master starts without
 * knowing what it is.
 */
#ifndef WM_WORKER_SERVICE_H
#define WM_WORKER_SERVICE_H

#include <cstddef>
#include <cstdint>
#include <string>

namespace wm {

class App;

struct Service {
    /// Runs in the service's process, on the app's thread, when the app starts; no worker starts there.
    /// Below 0, with the detail of fail(): it cannot serve.
    using Entry = int (*)(App &app, void *user);

    std::string name; ///< in `status` and the log
    Entry entry;
    void *user;
    /// Whether it is to run for so many processes of workers; nullptr: always.
    bool (*needed)(const App &app, size_t processes) = nullptr;
    /// The library's own program that runs it, where that is installed; nullptr, and elsewhere: a fork of the host.
    const char *helper = nullptr;
    /// Processes of workers that it can serve; more are refused at the start.
    size_t most = SIZE_MAX;
    /// Every other process gets a link to it (worker/peers.h).
    bool joins = false;
    /// Makes the text that its process gets by ProcessLink::settings(), and no other process has: in the master, for each process that
    /// starts. `machine`: of no other machine, and the same as long as the master lives. 0, or a WM_E... code with its detail. nullptr, or
    /// no text: there are none. One with settings is not ready before it has told so (ProcessLink::set_unready).
    int (*settings)(const App &app, uint64_t machine, std::string &out) = nullptr;
};

} // namespace wm

#endif
