/**
 * @file
 * hub_load: a load of pages and back ends on a push server whose processes come and go, and a judge of its answers (judge.h).
 */
#include "load.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sys/resource.h>

namespace {

/// Raises the soft limit of descriptors to what the load needs.
bool raise_limit(const hub_load::Options &options)
{
    constexpr rlim_t kOthers = 64;
    rlim_t needed = rlim_t{options.pages} + options.back_ends + hub_load::kMaxFresh + kOthers;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed)
        return true;
    if (limit.rlim_max < needed) {
        fprintf(stderr,
                "hub_load: %u pages and their back ends need %llu descriptors, and the hard limit is %llu: raise it (ulimit -Hn), or use "
                "fewer --pages\n",
                options.pages, static_cast<unsigned long long>(needed), static_cast<unsigned long long>(limit.rlim_max));
        return false;
    }
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
        return true;
    fprintf(stderr, "hub_load: cannot raise the limit of descriptors to %llu: %s\n", static_cast<unsigned long long>(limit.rlim_max),
            strerror(errno));
    return false;
}

} // namespace

int main(int argc, char **argv)
{
    hub_load::Options options = hub_load::parse_options(argc, argv);
    if (!raise_limit(options))
        return 2;
    hub_load::Load load(options);
    return load.run();
}
