/**
 * @file
 * What has become of a file that this process has made: others may remove it, and put theirs in its place.
 */
#ifndef WM_PROCESS_FILE_PLACE_H
#define WM_PROCESS_FILE_PLACE_H

#include "core/file_identity.h"

#include <string>

namespace wm {

enum class Place { kOurs, kMissing, kAnothers };

/// What a look after it has come to. kLost: it is another's, or cannot be made again, with the detail in last_error().
enum class Kept { kYes, kMadeAgain, kLost };

/// What stands at the path now, where `ours` stood. Where that cannot be seen, it is not ours any more.
Place place_of(const std::string &path, const FileIdentity &ours);

} // namespace wm

#endif
