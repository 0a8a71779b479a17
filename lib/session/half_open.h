/**
 * @file
 * Codec::stays_half_open of protocols without requests: the option half_open decides.
 */
#ifndef WM_SESSION_HALF_OPEN_H
#define WM_SESSION_HALF_OPEN_H

#include "conn/endpoint.h"

namespace wm {

inline bool half_open_by_option(const Connection &conn)
{
    return conn.options().half_open;
}

} // namespace wm

#endif
