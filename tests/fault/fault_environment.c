// Arms fault points of a whole program by its environment: WM_FAULT="POINT:SKIP:TIMES:ERRNO", several with commas.
#include "fault/fault_points.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static __attribute__((constructor)) void arm_from_environment(void)
{
    const char *next = getenv("WM_FAULT");
    char name[32];
    unsigned skip, times;
    int number, len;
    while (next && sscanf(next, "%31[^:]:%u:%u:%d%n", name, &skip, &times, &number, &len) == 4) {
        enum fault_point point = fault_named(name);
        if (point == FAULT_COUNT)
            abort();
        fault_arm(point, skip, times, number);
        next += len + (next[len] == ',');
    }
}
