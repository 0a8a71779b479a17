/**
 * @file
 * What the services of an app are to know (Service::settings): made in the master at each start of a process, and in no memory but that of
 * the file which the process gets. The master's thread.
 */
#ifndef WM_PROCESS_MASTER_SETTINGS_STORE_H
#define WM_PROCESS_MASTER_SETTINGS_STORE_H

#include "core/fd.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace wm {

class App;
struct Service;

class SettingsStore {
public:
    explicit SettingsStore(const App &app);

    /// Makes those of a service for the first time: 0, or a WM_E... code with its detail.
    int open(const Service &service);
    /// For a process that starts now: makes them anew, or, where that fails, leaves them as they were, with a warning. The descriptor stays
    /// the store's; -1: there are none.
    int renew(const Service &service);
    /// Whether a process that started now would get others. Where they cannot be made it would not: a warning says why, and take_error().
    bool have_changed(const Service &service);
    /// Gives that reason; empty: they could be made.
    std::string take_error() { return std::exchange(error_, {}); }
    /// In a child: closes all descriptors but that one.
    void forget(int keep);

private:
    int make(const Service &service, std::string &out) const;
    static int keep(const Service &service, std::string &text, Fd &out);

    const App &app_;
    uint64_t machine_;
    std::map<const Service *, Fd> files_;
    std::string error_;
};

} // namespace wm

#endif
