/**
 * @file
 * Text of a peer as people may see it, in errors and in the log. Any thread.
 */
#ifndef WM_CORE_ESCAPE_H
#define WM_CORE_ESCAPE_H

#include <cstddef>
#include <string>
#include <string_view>

namespace wm {

/// The text in printable ASCII: runs of white space become one space, other octets "\xHH". What is over `most` bytes of
/// the text is replaced by "...".
std::string escaped(std::string_view text, size_t most);

} // namespace wm

#endif
