/**
 * @file
 * What wm-push says of itself. Static text.
 */
#ifndef WM_PUSH_USAGE_H
#define WM_PUSH_USAGE_H

namespace wm {

extern const char kHelpText[];    ///< of --help, one screen
extern const char kUsageText[];   ///< behind an error in the command line
extern const char kVersionText[]; ///< of --version; a test holds it to WM_VERSION

} // namespace wm

#endif
