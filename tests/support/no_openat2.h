/**
 * @file
 * A process without openat2(2), as on a kernel before Linux 5.6 (ENOSYS) or in a container whose filter does not know it (EPERM).
 */
#ifndef SUPPORT_NO_OPENAT2_H
#define SUPPORT_NO_OPENAT2_H

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/** Has each openat2(2) of this process fail from now on. True; ends the program if the call is still there. */
static inline bool refuse_openat2(int number)
{
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)number),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof program / sizeof *program, program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) != 0 ||
        syscall(SYS_openat2, -1, "", NULL, 0) != -1 || errno != number) {
        perror("a filter for openat2");
        exit(1);
    }
    return true;
}

#endif
