/**
 * @file
 * Reads the config file of wm-serve: TOML without tables. Any thread.
 */
#ifndef WM_SERVE_CONFIG_FILE_H
#define WM_SERVE_CONFIG_FILE_H

#include <string>
#include <vector>

namespace wm::serve {

struct ConfigEntry {
    std::string key;
    std::vector<std::string> values; ///< as a flag would have them: several from an array
    std::string place;               ///< FILE:LINE
    bool has_truth = false;          ///< true or false is among them, without quotes
};

/// Reads all entries, in the order of their lines. Returns an error, which begins with the place, or nothing.
std::string read_config_file(const std::string &path, std::vector<ConfigEntry> &out);

} // namespace wm::serve

#endif
