/**
 * @file
 * A server in a process with a thread that reads standard input, as a language's runtime may have one: start_method exec.
 *
 *   stdin_server RUN_DIR COMMAND...
 */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
#include <wm/wm.h>

static int ready[2];

static void *reader(void *unused)
{
    flockfile(stdin);
    if (write(ready[1], "x", 1) == 1)
        getchar();
    funlockfile(stdin);
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    char byte;
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, "text://127.0.0.1:0");
    if (argc < 2 || !worker || pipe(ready) != 0 || pthread_create(&thread, NULL, reader, NULL) != 0 || read(ready[0], &byte, 1) != 1)
        return 2;
    wm_app_set_str(app, "name", "stdin");
    wm_app_set_str(app, "run_dir", argv[1]);
    wm_app_set_str(app, "start_method", "exec");
    close(ready[0]);
    close(ready[1]);
    return wm_app_main(app, argc - 1, argv + 1);
}
