/**
 * @file
 * The process of the hub's service: started by the master of a program that has a hub and several processes. No code and nothing of the
 * memory of that program is in it.
 */
#include "core/error.h"
#include "hub/exchange.h"
#include "process/main.h"
#include "worker/app.h"

#include <cstdio>
#include <cstdlib>

int main(int argc, char **argv)
{
    wm::App *app = wm::App::make();
    if (!app || !wm::Exchange::of(*app)) {
        fprintf(stderr, "wm-hub: %s\n", wm::last_error());
        return 1;
    }
    app->set_option("log_level", argc > 1 ? argv[1] : "info");
    if (argc > 2)
        app->set_option("log_max_size", strtoll(argv[2], nullptr, 10));
    return wm::helper_main(*app);
}
