// The part of ChildLink that a service uses: its settings, and what it tells of itself.
#include "process/child/child_link.h"

#include "core/error.h"
#include "process/sealed_file.h"

#include <utility>

namespace wm {

namespace {

constexpr size_t kMaxSettings = 1 << 20; // bytes

} // namespace

int ChildLink::settings(std::string &out)
{
    out.clear();
    Fd file(std::exchange(plan_.settings, -1));
    return !file || read_sealed_file(file.get(), kMaxSettings, out) ? 0
                                                                    : fail(WM_ESYS, "cannot read the settings that the master has made");
}

/// A service does not wait for the master: others wait for it.
bool ChildLink::set_unready(const std::string &why)
{
    if (told_unready_ != why && channel_.send(MessageKind::kUnready, 0, 0, why, -1, false))
        told_unready_ = why;
    return told_unready_ == why;
}

bool ChildLink::report(std::string_view text)
{
    if (told_report_ == text)
        return true;
    Fd file = make_sealed_file("wm-report", {text});
    if (!file || !channel_.send(MessageKind::kReport, 0, 0, {}, file.get(), false))
        return false;
    told_report_ = text;
    return true;
}

} // namespace wm
