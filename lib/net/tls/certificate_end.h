/**
 * @file
 * The end of a certificate's validity. Any thread.
 */
#ifndef WM_NET_TLS_CERTIFICATE_END_H
#define WM_NET_TLS_CERTIFICATE_END_H

#include <cstdint>
#include <string>

namespace wm {

/// notAfter (RFC 5280 §4.1.2.5) of the first certificate of a PEM text, in unix seconds; -1: it holds none.
int64_t certificate_end(const std::string &pem);

} // namespace wm

#endif
