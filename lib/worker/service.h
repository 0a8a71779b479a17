/**
 * @file
 * A service: a process of the library's own beside those of the workers, which the master starts without
 * knowing what it is.
 */
#ifndef WM_WORKER_SERVICE_H
#define WM_WORKER_SERVICE_H

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
};

} // namespace wm

#endif
