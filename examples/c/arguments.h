/**
 * @file
 * The addresses of an example: the defaults, or those among its arguments. The rest of the command line is for wm_app_main.
 */
#ifndef EXAMPLE_ARGUMENTS_H
#define EXAMPLE_ARGUMENTS_H

#include <string.h>

/* Moves the arguments that are addresses from argv to addresses, in order; returns the number of remaining arguments. */
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
