/**
 * @file
 * The settings that every server of wm-serve has: which instance it is, as whom it runs, and where it logs.
 */
#ifndef WM_SERVE_INSTANCE_OPTIONS_H
#define WM_SERVE_INSTANCE_OPTIONS_H

#include <string>

namespace wm::serve {

struct InstanceOptions {
    std::string name;    ///< of the instance, wherever the program is: it is installed once
    std::string run_dir; ///< empty: the library's default
    std::string log_file;
    std::string log_level = "info";
    std::string user;
    std::string group;

    explicit InstanceOptions(const char *default_name) : name(default_name) {}

    /// Empty, or a usage error that names the flag and the remedy.
    std::string instance_error() const;
    /// The same of --name and --run-dir alone, which say which instance is meant.
    std::string identity_error() const;
};

} // namespace wm::serve

#endif
