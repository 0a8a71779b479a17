/**
 * @file
 * The certificates and keys of the workers, and their ticket keys: the master alone reads their files, and hands each process those that it
 * needs. The keys are in files in memory only, so that a forked process does not have those of other workers. The master's thread.
 */
#ifndef WM_PROCESS_MASTER_KEY_STORE_H
#define WM_PROCESS_MASTER_KEY_STORE_H

#include "core/fd.h"
#include "core/loop.h"
#include "process/channel.h"
#include "process/child_plan.h"
#include "worker/tls_files.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace wm {

class App;
class Worker;
struct AppOptions;
struct CertificateFacts;

class KeyStore {
public:
    explicit KeyStore(const AppOptions &options) : options_(options) {}

    /// Reads the files of all workers with TLS: 0, or a WM_E... code with the path and the reason in the detail.
    int open(const App &app, int64_t now_ms);
    /// Reads what has changed, when that is due, and makes new ticket keys. True: hand_on() has something to do.
    bool step(int64_t now_ms);
    /// Reads all files again, for a reload. Returns why some of them are not used; empty: all are.
    std::string reload();
    int64_t due_ms() const;

    /// What a process of that worker gets at its start; nullptr: a service's.
    std::vector<KeptKeys> kept_for(const Worker *worker) const;
    /// What is newer than `have`, to a process of that worker. Without room in the channel, a later call sends it.
    void hand_on(const Channel &channel, const Worker *worker, uint64_t &have);
    /// What kept_for() gives is of that generation.
    uint64_t generation() const { return generation_; }

    std::vector<CertificateFacts> certificates() const;
    /// In a child: closes the descriptors that are not in `keep`.
    void forget(const std::vector<KeptKeys> &keep);

private:
    struct Entry {
        const Worker *worker;
        size_t place; ///< of the worker in the app
        TlsFiles files;
        Fd file; ///< what make_key_file() made
        uint64_t generation = 0;
    };

    bool belongs(const Entry &entry, const Worker *worker) const;
    int keep(Entry &entry, const TlsBundle &bundle, bool rotates);
    bool refresh(Entry &entry, bool anyway);
    void rotate();

    const AppOptions &options_;
    std::vector<Entry> entries_;
    uint64_t generation_ = 0;
    int64_t look_at_ms_ = Loop::kNever;
    int64_t rotate_at_ms_ = Loop::kNever;
    bool behind_ = false; ///< a process has not got what is new
};

} // namespace wm

#endif
