// Fails each allocation of the scenes once, by its call stack: at its first and at its last time, alone and with those that follow.
//
//   alloc_sweep                  every eighth of the injections, all with WM_FULL in the environment; of TLS fewer
//   alloc_sweep SCENE MODE HASH SKIP BURST   one injection, as a failure line has it; without a fork, for a debugger
#define _GNU_SOURCE
#include "fault/fault_points.h"
#include "fault/scenes.h"

#include <dlfcn.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TLS_SAMPLE = 24, STACKS = 4096, BURST = 8, AFTERWARDS = 5, SAMPLE = 8 };

static const size_t modes[] = {0, 2, RIG_BATCH};
static const char *const mode_names[] = {"callbacks", "pull 2", "pull 64"};

/** What a child leaves to its parent. */
struct shared {
    struct fault_stack stacks[STACKS];
    size_t stacks_count, leaked;
    struct fault_stack leaks[4];
    int finished;
    unsigned fired;
    int noticed, refused, closed;
    char wrong[400];
};

static struct shared *shared;
static struct rig rig;

/** One for each of the jobs, in shared memory. */
struct total {
    unsigned points, injected, errors, closed, refused, unnoticed, unreached, wrong;
};

static struct total *total;
static unsigned job, jobs = 4; /* mostly they wait */

static void print_stack(const struct fault_stack *stack)
{
    for (unsigned i = 0; i < stack->depth; i++)
        printf("    %p\n", stack->frames[i]);
}

static __attribute__((noinline)) void play(const struct scene *scene, size_t cap)
{
    unsigned char bytes[16];
    fault_spare(1);
    if (scene->tls && (RAND_bytes(bytes, sizeof bytes) != 1 || RAND_priv_bytes(bytes, sizeof bytes) != 1))
        abort(); // the thread's generators: OpenSSL 3.0 leaks where it fails to make them
    fault_spare(0);
    fault_stack_ends(__builtin_frame_address(0));
    scene_run(scene, cap, &rig);
    fault_stack_ends(NULL);
    if (scene->tls)
        OPENSSL_thread_stop(); // the texts of its last errors, which it keeps for each thread
}

/** What OpenSSL keeps for ever, and what it looks up once. */
static void warm_up_tls(void)
{
    for (size_t i = 0; i < scene_count; i++)
        if (scenes[i].tls)
            play(&scenes[i], 0);
}

/** Once per process: what the library keeps for ever is made here. */
static void warm_up(void)
{
    memset(&rig, 0, sizeof rig);
    wm_app *app = wm_app_new();
    wm_app_free(app);
    wm_media_type("html");
}

static void log_nothing(int32_t level, const void *text, size_t len, void *user)
{
    (void)level, (void)text, (void)len, (void)user;
}

/** Lists the stacks of a scene that goes well, and that nothing outlives it. */
static void record(const struct scene *scene, size_t cap)
{
    warm_up();
    fault_live_mark();
    fault_record(shared->stacks, STACKS);
    play(scene, cap);
    shared->stacks_count = fault_recorded();
    fault_record(NULL, 0);
    shared->leaked = fault_live_since_mark(shared->leaks, 4);
    if (rig.noticed || rig.refused || rig.closed)
        rig_wrong(&rig, "without a fault: %d noticed, %d refused, %d closed", rig.noticed, rig.refused, rig.closed);
    memcpy(shared->wrong, rig.wrong, sizeof rig.wrong);
}

/** OpenSSL 3.0 loses one or two where its own allocation fails; a stream or a context that we lose has dozens. */
static size_t lost(const struct scene *scene)
{
    enum { OF_OPENSSL = 2 };
    return scene->tls && shared->leaked <= OF_OPENSSL ? 0 : shared->leaked;
}

static void inject(const struct scene *scene, size_t cap, uint64_t hash, unsigned skip, unsigned burst)
{
    warm_up();
    fault_live_mark();
    fault_fail_stack(hash, skip, burst);
    play(scene, cap);
    shared->fired = fault_fired(FAULT_ALLOC);
    fault_disarm(FAULT_ALLOC);
    fault_fail_stack(0, 0, 0);
    shared->noticed = rig.noticed;
    shared->refused = rig.refused;
    shared->closed = rig.closed;
    shared->leaked = fault_live_since_mark(shared->leaks, 4);
    memcpy(shared->wrong, rig.wrong, sizeof rig.wrong);
    if (shared->wrong[0] || lost(scene))
        return;
    play(scene->tls ? scene : &scenes[AFTERWARDS], cap); // the process is as good as before
    if (rig.wrong[0])
        snprintf(shared->wrong, sizeof shared->wrong, "afterwards: %.300s", rig.wrong);
    else if (rig.noticed || rig.refused || rig.closed)
        snprintf(shared->wrong, sizeof shared->wrong, "afterwards something fails");
}

/** Runs it in a child; 0 and `how` when the child ends in another way than by returning. */
static int in_child(void (*body)(const struct scene *, size_t, uint64_t, unsigned, unsigned), const struct scene *scene, size_t cap,
                    const struct fault_stack *stack, unsigned skip, unsigned burst, char *how)
{
    shared->finished = 0;
    shared->leaked = 0;
    shared->fired = 0;
    shared->wrong[0] = '\0';
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(60);
        body(scene, cap, stack ? stack->hash : 0, skip, burst);
        shared->finished = 1;
        _exit(0);
    }
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        exit(2);
    if (shared->finished)
        return 1;
    sprintf(how, WIFSIGNALED(status) ? "ended by signal %d" : "exited with %d",
            WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return 0;
}

static void record_body(const struct scene *scene, size_t cap, uint64_t hash, unsigned skip, unsigned burst)
{
    (void)hash, (void)skip, (void)burst;
    record(scene, cap);
}

static void unneeded(const struct scene *scene, size_t mode, const struct fault_stack *stack)
{
    total->unnoticed++;
    if (getenv("WM_FAULT_VERBOSE")) {
        printf("WRONG needed none: %s, %s\n", scene->name, mode_names[mode]);
        print_stack(stack);
    }
}

static void judge(const struct scene *scene, size_t mode, const struct fault_stack *stack, unsigned skip, unsigned burst)
{
    char how[64] = "";
    total->injected++;
    int finished = in_child(inject, scene, modes[mode], stack, skip, burst, how);
    if (finished && !shared->wrong[0] && !lost(scene)) {
        if (shared->fired == 0)
            total->unreached++; // how often a buffer grows depends on how the bytes arrive
        else if (shared->refused)
            total->refused++;
        else if (shared->closed)
            total->closed++;
        else if (shared->noticed)
            total->errors++;
        else
            unneeded(scene, mode, stack);
        return;
    }
    total->wrong++;
    printf("WRONG: %s, %s, allocation %u of stack %llx, burst %u: %s", scene->name, mode_names[mode], skip, (unsigned long long)stack->hash,
           burst, finished ? shared->wrong : how);
    if (finished && lost(scene))
        printf(" %zu leaked", shared->leaked);
    printf("\n");
    print_stack(stack);
    if (finished && lost(scene)) {
        printf("  the leak:\n");
        print_stack(&shared->leaks[0]);
    }
}

static void sweep(const struct scene *scene, size_t mode, unsigned sample)
{
    static struct fault_stack stacks[STACKS];
    static unsigned turn;
    char how[64] = "";
    if (!in_child(record_body, scene, modes[mode], NULL, 0, 0, how) || shared->wrong[0] || shared->leaked) {
        total->wrong++;
        printf("WRONG: %s, %s, without a fault: %s%s, %zu leaked\n", scene->name, mode_names[mode], how, shared->wrong, shared->leaked);
        if (shared->leaked)
            print_stack(&shared->leaks[0]);
        return;
    }
    size_t count = shared->stacks_count;
    memcpy(stacks, shared->stacks, count * sizeof stacks[0]);
    total->points += (unsigned)count;
    for (size_t i = 0; i < count; i++)
        for (unsigned way = 0; way < 4; way++) {
            unsigned last = stacks[i].count - 1;
            if (way / 2 == 1 && last == 0)
                continue; // its first time is its last
            if (turn % sample == 0 && turn / sample % jobs == job)
                judge(scene, mode, &stacks[i], way / 2 ? last : 0, way % 2 ? BURST : 1);
            turn++;
        }
}

/** Runs the sweep in several processes, and sums up. */
static int sweep_all(const char *only, unsigned sample)
{
    size_t size = sizeof(struct total) * jobs;
    struct total *totals = (struct total *)mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (job = 0; job < jobs; job++) {
        total = &totals[job];
        if (fork() > 0)
            continue;
        shared = (struct shared *)mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        for (size_t i = 0; i < scene_count; i++)
            for (size_t mode = 0; mode < 3; mode++)
                if (!only || strcmp(only, scenes[i].name) == 0)
                    sweep(&scenes[i], mode, scenes[i].tls && !only ? sample * TLS_SAMPLE : sample);
        _exit(fflush(stdout));
    }
    int failed = 0, status;
    while (wait(&status) > 0)
        failed += status != 0;
    struct total sum = totals[0];
    for (unsigned i = 1; i < jobs; i++) {
        sum.injected += totals[i].injected;
        sum.errors += totals[i].errors;
        sum.closed += totals[i].closed;
        sum.refused += totals[i].refused;
        sum.unnoticed += totals[i].unnoticed;
        sum.unreached += totals[i].unreached;
        sum.wrong += totals[i].wrong;
    }
    printf("%u points, %u injected: %u ended with an error, %u with a closed connection, %u with a refused one, %u needed none; "
           "%u not reached, %u wrong\n",
           sum.points, sum.injected, sum.errors, sum.closed, sum.refused, sum.unnoticed, sum.unreached, sum.wrong);
    return failed || sum.wrong || sum.injected == 0;
}

int main(int argc, char **argv)
{
    fault_begin();
    wm_log_set(log_nothing, NULL, NULL);
    warm_up_tls();
    shared = (struct shared *)mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (argc == 6) {
        for (size_t i = 0; i < scene_count; i++)
            for (size_t mode = 0; mode < 3; mode++)
                if (strcmp(scenes[i].name, argv[1]) == 0 && strcmp(mode_names[mode], argv[2]) == 0)
                    inject(&scenes[i], modes[mode], strtoull(argv[3], NULL, 16), (unsigned)atoi(argv[4]), (unsigned)atoi(argv[5]));
        printf("%u fired, %d noticed, %d refused, %d closed, %zu leaked; wrong: %s\n", shared->fired, shared->noticed, shared->refused,
               shared->closed, shared->leaked, shared->wrong);
        return shared->wrong[0] != 0;
    }
    return sweep_all(argc == 2 ? argv[1] : NULL, argc == 2 || getenv("WM_FULL") ? 1 : SAMPLE);
}
