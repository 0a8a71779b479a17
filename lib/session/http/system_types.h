/**
 * @file
 * The media types of this system: /etc/mime.types, read once a process when the first one is asked for. Any thread.
 */
#ifndef WM_SESSION_HTTP_SYSTEM_TYPES_H
#define WM_SESSION_HTTP_SYSTEM_TYPES_H

#include <string_view>

namespace wm {

/// The type of an extension by the system's table, or by our own where that does not have it; nullptr: neither does. Static.
const char *type_of_extension(std::string_view extension);

} // namespace wm

#endif
