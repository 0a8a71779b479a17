/**
 * @file
 * The matrix of the contract suite: each scenario runs in each setting, over callbacks and over polls, on each transport that it fits.
 */
#ifndef SUPPORT_SETTINGS_H
#define SUPPORT_SETTINGS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum transport { TCP, TCP6, UNIX, TLS, PAIR, TLS_PAIR }; /* PAIR: the peers are wm_clients */

/** One way to run a scenario: cap 0: callbacks, else the number of records per poll. */
struct setting {
    const char *name;
    size_t cap;
    enum transport transport;
};

static inline int is_pair(const struct setting *setting)
{
    return setting && (setting->transport == PAIR || setting->transport == TLS_PAIR);
}

static inline int has_tls(const struct setting *setting)
{
    return setting && (setting->transport == TLS || setting->transport == TLS_PAIR);
}

struct scenario {
    const char *name;
    void (*run)(void **state);
    unsigned not_over; /**< transports that do not have what it is about, as bits */
};

#define OVER(transport) (1U << (transport))
#define OVER_PAIRS (OVER(PAIR) | OVER(TLS_PAIR))
#define OVER_TLS (OVER(TLS) | OVER(TLS_PAIR))

#define SCENARIO(function) SCENARIO_NOT_OVER(function, 0)
/** Of a scenario that takes seconds, or measures the kernel's buffers: what is under test is the same over all transports. */
#define SCENARIO_OVER_SOCKETS(function) SCENARIO_NOT_OVER(function, OVER_PAIRS | OVER_TLS)
#define SCENARIO_NOT_OVER(function, transports)                                                                                            \
    {                                                                                                                                      \
#function, function, transports                                                                                                    \
    }

static const struct setting SETTINGS[] = {
    {"callbacks, tcp", 0, TCP},       {"callbacks, unix", 0, UNIX},       {"callbacks, tcp6", 0, TCP6},
    {"poll of 256, tcp", 256, TCP},   {"poll of 3, tcp", 3, TCP},         {"poll of 1, tcp", 1, TCP},
    {"poll of 256, unix", 256, UNIX}, {"poll of 2, unix", 2, UNIX},       {"callbacks, tls", 0, TLS},
    {"poll of 3, tls", 3, TLS},       {"callbacks, own client", 0, PAIR}, {"poll of 2, own client over tls", 2, TLS_PAIR},
};

/** Runs each scenario in each setting that it fits; the state of a test is its `const struct setting *`. */
static inline int run_scenarios(const char *group, const struct scenario *scenarios, size_t count)
{
    enum { WAYS = sizeof SETTINGS / sizeof *SETTINGS };
    struct CMUnitTest *tests = (struct CMUnitTest *)calloc(count * WAYS, sizeof *tests);
    char(*names)[160] = (char(*)[160])calloc(count * WAYS, sizeof *names);
    const char *only = getenv("WM_ONLY"); /* by hand: a part of the names of those to run */
    size_t used = 0;
    if (!tests || !names)
        return 1;
    for (size_t i = 0; i < count * WAYS; i++) {
        const struct scenario *scenario = &scenarios[i / WAYS];
        const struct setting *setting = &SETTINGS[i % WAYS];
        snprintf(names[used], sizeof names[used], "%s [%s]", scenario->name, setting->name);
        if (scenario->not_over & OVER(setting->transport) || (only && !strstr(names[used], only)))
            continue;
        tests[used].name = names[used];
        tests[used].test_func = scenario->run;
        tests[used++].initial_state = (void *)(uintptr_t)setting;
    }
    int failed = _cmocka_run_group_tests(group, tests, used, NULL, NULL);
    free(tests);
    free(names);
    return failed;
}

#define RUN_SCENARIOS(group, scenarios) run_scenarios(group, scenarios, sizeof(scenarios) / sizeof *(scenarios))

#endif
