/**
 * @file
 * Spelling hints of the tools: the name that a user may have meant. Any thread.
 */
#ifndef WM_CLI_NEAREST_H
#define WM_CLI_NEAREST_H

#include <string>
#include <string_view>
#include <vector>

namespace wm {

/// The name nearest in spelling to `given`, the first of several; empty where none is near: a third of the
/// letters may differ. Two letters in the wrong order count once, capitals and leading dashes not at all.
std::string nearest(std::string_view given, const std::vector<std::string> &names);

/// `: did you mean 'NAME'?`, or empty where no name is near.
std::string did_you_mean(std::string_view given, const std::vector<std::string> &names);

} // namespace wm

#endif
