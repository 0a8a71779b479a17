/**
 * @file
 * Help, usage and version texts of wm-push.
 */
#ifndef WM_PUSH_USAGE_H
#define WM_PUSH_USAGE_H

namespace wm {

extern const char kHelpText[];    ///< printed by --help; fits one screen
extern const char kUsageText[];   ///< printed after an error about a word that is missing
extern const char kTryHelpText[]; ///< printed after other errors in the command line
extern const char kVersionText[]; ///< printed by --version

} // namespace wm

#endif
