/**
 * @file
 * The workers whose certificate and key files this process reads itself, as no master does. Looks at the files every tls_check_ms, by a
 * deadline of its own: an app without TLS never wakes for it. The app's thread.
 */
#ifndef WM_WORKER_OWN_KEYS_H
#define WM_WORKER_OWN_KEYS_H

#include "core/loop.h"
#include "worker/tls_files.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace wm {

class App;
class Worker;

class OwnKeys {
public:
    explicit OwnKeys(App &app) : app_(app) {}
    OwnKeys(const OwnKeys &) = delete;
    OwnKeys &operator=(const OwnKeys &) = delete;

    /// Loads the files into the worker's server, and looks at them from here on: 0, or a WM_E... code with its detail; then all stays as it
    /// was.
    int add(Worker &worker);
    void remove(const Worker &worker);
    /// Reads what has changed, if that is due.
    void look(int64_t now_ms);
    int64_t due_ms() const { return due_ms_; }

private:
    struct Entry {
        Worker *worker;
        TlsFiles files;
    };

    App &app_;
    std::vector<std::unique_ptr<Entry>> entries_;
    int64_t due_ms_ = Loop::kNever;
};

} // namespace wm

#endif
