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

} // namespace

SettingsStore::SettingsStore(const App &app) : app_(app)
{
    random_bytes(&machine_, sizeof machine_);
    machine_ |= kMachine;
}

int SettingsStore::make(const Service &service, Fd &out) const
{
    std::string text;
    int result = service.settings ? service.settings(app_, machine_, text) : 0;
    if (result == 0 && !text.empty()) {
        out = make_sealed_file("wm-settings", {text});
        if (!out)
            result = fail(code_of_errno(errno), "cannot keep the settings of service %s: %s", service.name.c_str(), strerror(errno));
    }
    explicit_bzero(text.data(), text.size());
    return result;
}

int SettingsStore::open(const Service &service)
{
    return make(service, files_[&service]);
}

int SettingsStore::renew(const Service &service)
{
    auto found = files_.find(&service);
    if (found == files_.end())
        return -1;
    Fd made;
    if (make(service, made) == 0)
        found->second = std::move(made);
    else
        log(WM_LOG_WARN, "service %s starts with the settings of before: %s", service.name.c_str(), last_error());
    return found->second.get();
}

void SettingsStore::forget(int keep)
{
    for (auto &[service, file] : files_)
        if (file.get() == keep)
            file.release();
    files_.clear();
}

} // namespace wm
