/**
 * @file
 * Where an example listens: its standard addresses, or those among its arguments. Everything else on the command line is wm_app_main's.
 */
#ifndef EXAMPLE_ARGUMENTS_H
#define EXAMPLE_ARGUMENTS_H

#include <string.h>

/* Takes arguments that are addresses out of argv, in their order; returns how many are left. */
static inline int take_addresses(int argc, char **argv, const char **addresses, int count)
{
    int left = 0, taken = 0;
    for (int i = 0; i < argc; i++) {
        if (i > 0 && taken < count && strstr(argv[i], "://"))
            addresses[taken++] = argv[i];
        else
            argv[left++] = argv[i];
    }
    return left;
}

#endif
