/**
 * @file
 * The C program of the README, for the table of first errors: tests/tools/first_errors/c-program.txt. As a beginner's program does, it
 * checks nothing: what is wrong with its calls is wm_app_main's to say.
 *
 * ECHO_ADDRESS replaces its address; ECHO_OPTIONS is NAME=NUMBER or NAME=TEXT, separated by blanks, for the worker.
 */
#include <stdlib.h>
#include <string.h>
#include <wm/wm.h>

static void on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker;
    (void)kind;
    (void)user;
    wm_conn_send(conn, data, len, 0);
}

static void set_options(wm_worker *worker, const char *options)
{
    char *copy = strdup(options), *rest = NULL;
    for (char *name = strtok_r(copy, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(name, '='), *end = NULL;
        if (!value)
            continue;
        *value++ = '\0';
        long long number = strtoll(value, &end, 10);
        if (*value != '\0' && *end == '\0')
            wm_worker_set_int(worker, name, number);
        else
            wm_worker_set_str(worker, name, value);
    }
    free(copy);
}

int main(int argc, char **argv)
{
    const char *address = getenv("ECHO_ADDRESS");
    const char *options = getenv("ECHO_OPTIONS");
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, address ? address : "text://127.0.0.1:0");
    if (options)
        set_options(worker, options);
    wm_worker_on_message(worker, on_message, NULL, NULL);
    return wm_app_main(app, argc, argv);
}
