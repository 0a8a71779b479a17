#include "wm-serve/instance_options.h"

#include "shared/printable.h"

#include <algorithm>
#include <grp.h>
#include <iterator>
#include <pwd.h>

namespace wm::serve {

namespace {

bool is_name(const std::string &text)
{
    constexpr const char *kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    return !text.empty() && text.size() <= 64 && text[0] != '.' && text[0] != '-' && text.find_first_not_of(kLetters) == std::string::npos;
}

} // namespace

std::string InstanceOptions::identity_error() const
{
    if (!is_name(name))
        return "--name '" + name + "' is no name: 1-64 of A-Z a-z 0-9 . _ - that do not begin with '.' or '-'";
    return run_dir.empty() || run_dir[0] == '/' ? "" : "--run-dir " + run_dir + " is not absolute: it begins with /";
}

std::string InstanceOptions::instance_error() const
{
    if (std::string wrong = identity_error(); !wrong.empty())
        return wrong;
    if (!user.empty() && getpwnam(user.c_str()) == nullptr)
        return "--user " + user + " is no user of this machine";
    if (!group.empty() && getgrnam(group.c_str()) == nullptr)
        return "--group " + group + " is no group of this machine";
    constexpr const char *kLevels[] = {"debug", "info", "warning", "error"};
    if (std::find(std::begin(kLevels), std::end(kLevels), log_level) == std::end(kLevels))
        return "--log-level takes debug, info, warning or error, not '" + printable(log_level) + "'";
    return "";
}

} // namespace wm::serve
