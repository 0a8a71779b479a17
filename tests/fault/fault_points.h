/**
 * @file
 * Fault points: where a test has the library's calls into the system fail.
 *
 * The linker puts them between the objects of libwm and the C library (--wrap) in the programs that link wm_fault_points, so the
 * library that is tested is the one that ships: no line of it, and no instruction, knows of them. Allocations of libevent, OpenSSL and
 * the C++ library pass them too; those of the test's own code do where it calls malloc. Any thread.
 */
#ifndef FAULT_POINTS_H
#define FAULT_POINTS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum fault_point {
    FAULT_ALLOC,        /**< malloc, calloc, realloc and operator new return no memory */
    FAULT_ACCEPT,       /**< accept4 fails with the errno */
    FAULT_READ_SHORT,   /**< recv takes one byte at most */
    FAULT_WRITE_SHORT,  /**< send and sendmsg take one byte at most, sendfile too */
    FAULT_WRITE_EAGAIN, /**< send, sendmsg and sendfile fail with EAGAIN */
    FAULT_FORK,         /**< fork fails with the errno */
    FAULT_SENDFILE,     /**< sendfile fails with the errno */
    FAULT_COUNT
};

/** Lets `skip` calls pass, then has the next `times` calls fail, with that errno where the point takes one. */
void fault_arm(enum fault_point point, unsigned skip, unsigned times, int number);
void fault_disarm(enum fault_point point);
/** How often the point has had a call fail since it was armed. */
unsigned fault_fired(enum fault_point point);
/** The point of a name as in "read.short", FAULT_COUNT if there is none. */
enum fault_point fault_named(const char *name);

/**
 * Allocations by call stack. A stack is the return addresses up to the frame of fault_stack_ends (or of main), as a hash.
 * Recording lists each stack once; failing has one allocation of one stack fail, the one after `skip` others of it, and with it `burst` - 1
 * allocations that follow.
 */
struct fault_stack {
    uint64_t hash;
    unsigned count; /**< allocations with that stack */
    unsigned depth;
    void *frames[24];
};

/** Makes libevent and OpenSSL allocate through the points. Before anything else. */
void fault_begin(void);
/** While it is on, the thread's allocations pass: they are the test's own. Returns what it was. */
int fault_spare(int on);
void fault_record(struct fault_stack *list, size_t room);
size_t fault_recorded(void);
void fault_fail_stack(uint64_t hash, unsigned skip, unsigned burst);
/** That frame of the thread is where its stacks end from here on; NULL: nowhere. Returns the one before. */
void *fault_stack_ends(void *frame);

/** Allocations that are alive. */
size_t fault_live(void);
/** Stores the stacks of those that were made after fault_live_mark(); returns how many there are. */
size_t fault_live_since_mark(struct fault_stack *list, size_t room);
void fault_live_mark(void);

#ifdef __cplusplus
}
#endif

#endif
