/**
 * @file
 * Datagrams of one size, one behind the other in memory, many with one system call. The socket is connected and non-blocking.
 */
#ifndef WM_LOAD_DATAGRAMS_H
#define WM_LOAD_DATAGRAMS_H

#include <cstddef>
#include <string_view>

namespace wm::load {

inline constexpr size_t kDatagrams = 64; ///< of one system call

/// Sends the first of them: how many bytes the kernel has taken, or -1 with errno.
ptrdiff_t send_datagrams(int fd, std::string_view data, size_t size);
/// Receives up to kDatagrams: how many bytes, or -1 with errno. EMSGSIZE: one has another size.
ptrdiff_t receive_datagrams(int fd, char *out, size_t size);

} // namespace wm::load

#endif
