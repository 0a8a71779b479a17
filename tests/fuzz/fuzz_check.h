/**
 * @file
 * What a fuzz target expects: a run for which it does not hold ends there, with what was expected.
 */
#ifndef FUZZ_FUZZ_CHECK_H
#define FUZZ_FUZZ_CHECK_H

#include "wm/wm.h"

#include <cstdio>
#include <cstdlib>

namespace fuzz {

/// The last error of the library comes with it: that of the call before, where a call has failed.
inline void check(bool holds, const char *what)
{
    if (holds)
        return;
    std::fprintf(stderr, "%s (last error: \"%s\")\n", what, wm_last_error());
    std::abort();
}

} // namespace fuzz

#endif
