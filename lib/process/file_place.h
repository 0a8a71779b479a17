/**
 * @file
 * Whether a file that this process has made is still there: another process may have removed or replaced it.
 */
#ifndef WM_PROCESS_FILE_PLACE_H
#define WM_PROCESS_FILE_PLACE_H

#include "core/file_identity.h"

#include <string>

namespace wm {

enum class Place { kOurs, kMissing, kForeign };

/// The result of restoring it. kLost: another process has replaced it, or it cannot be made again, with the
/// detail in last_error().
enum class Restored { kIntact, kMadeAgain, kLost };

/// What is at the path now, where `ours` was. kForeign if that is unknown.
Place place_of(const std::string &path, const FileIdentity &ours);

} // namespace wm

#endif
