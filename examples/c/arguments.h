/**
 * @file
 * Where an example listens: its standard addresses, or those among its arguments. Everything else on the command line is wm_app_main's.
 */
#ifndef EXAMPLE_ARGUMENTS_H
#define EXAMPLE_ARGUMENTS_H

#include <stdlib.h>
#include <string.h>
#include <wm/wm.h>

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

/* An app whose files are in EXAMPLE_RUN_DIR, if that is set: so that tests do not meet other instances. */
static inline wm_app *new_app(void)
{
    wm_app *app = wm_app_new();
    if (getenv("EXAMPLE_RUN_DIR"))
        wm_app_set_str(app, "run_dir", getenv("EXAMPLE_RUN_DIR"));
    return app;
}

#endif
