#include "process/master/settings_store.h"

#include "core/error.h"
#include "core/log.h"
#include "core/random.h"
#include "process/sealed_file.h"
#include "worker/service.h"

#include <cerrno>
#include <cstring>

namespace wm {

namespace {

constexpr uint64_t kMachine = uint64_t{1} << 63; // which no node of a process has (ChildPlan::node)

void wipe(std::string &secret)
{
    explicit_bzero(secret.data(), secret.size());
}

} // namespace

SettingsStore::SettingsStore(const App &app) : app_(app)
{
    random_bytes(&machine_, sizeof machine_);
    machine_ |= kMachine;
}

int SettingsStore::make(const Service &service, std::string &out) const
{
    return service.settings ? service.settings(app_, machine_, out) : 0;
}

/// Moves the text into a file.
int SettingsStore::keep(const Service &service, std::string &text, Fd &out)
{
    out = text.empty() ? Fd() : make_sealed_file("wm-settings", {text});
    bool kept = text.empty() || out;
    int number = errno;
    wipe(text);
    return kept ? 0 : fail(code_of_errno(number), "cannot keep the settings of service %s: %s", service.name.c_str(), strerror(number));
}

int SettingsStore::open(const Service &service)
{
    std::string text;
    int result = make(service, text);
    return result != 0 ? result : keep(service, text, files_[&service]);
}

int SettingsStore::renew(const Service &service)
{
    auto found = files_.find(&service);
    if (found == files_.end())
        return -1;
    std::string text;
    Fd made;
    if (make(service, text) == 0 && keep(service, text, made) == 0)
        found->second = std::move(made);
    else
        log(WM_LOG_WARN, "service %s starts with the settings of before: %s", service.name.c_str(), last_error());
    return found->second.get();
}

bool SettingsStore::have_changed(const Service &service)
{
    auto found = files_.find(&service);
    std::string now, before;
    if (found == files_.end())
        return false;
    bool made = make(service, now) == 0;
    if (!made) {
        error_ = "service " + service.name + " stays with the settings that it has: " + last_error();
        log(WM_LOG_WARN, "%s", error_.c_str());
    }
    bool known = !found->second || read_sealed_file(found->second.get(), SIZE_MAX, before);
    bool changed = made && (!known || now != before);
    wipe(now);
    wipe(before);
    return changed;
}

void SettingsStore::forget(int keep)
{
    for (auto &[service, file] : files_)
        if (file.get() == keep)
            file.release();
    files_.clear();
}

} // namespace wm
