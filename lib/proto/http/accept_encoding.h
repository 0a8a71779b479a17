/**
 * @file
 * The Accept-Encoding field (RFC 9110 §12.5.3): which content codings a client takes. Pure, any thread.
 */
#ifndef WM_PROTO_HTTP_ACCEPT_ENCODING_H
#define WM_PROTO_HTTP_ACCEPT_ENCODING_H

#include <cstddef>
#include <string_view>

namespace wm::http {

/// Content codings, in the order in which a server prefers them among those of one quality.
enum class Coding { kBrotli, kGzip, kIdentity };
inline constexpr size_t kCodings = 3;

/// How much a client wants each coding.
class AcceptedCodings {
public:
    /// By the validated header lines of a request. Members that are malformed count for nothing.
    explicit AcceptedCodings(std::string_view fields);

    /// The quality of a coding, from 0 (not acceptable) to 1000. Identity, where it is not mentioned, has 1: taken, but any
    /// other that is acceptable goes before.
    int quality(Coding coding) const { return qualities_[static_cast<size_t>(coding)]; }

private:
    int qualities_[kCodings];
};

} // namespace wm::http

#endif
