#include "fault/fault_points.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <event2/event.h>
#include <iterator>
#include <mutex>
#include <new>
#include <openssl/crypto.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>
#include <unwind.h>
#include <utility>

extern "C" {
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *memory);
int __real_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags);
ssize_t __real_recv(int fd, void *out, size_t len, int flags);
ssize_t __real_send(int fd, const void *data, size_t len, int flags);
ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __real_sendfile(int out, int in, off_t *offset, size_t len);
pid_t __real_fork(void);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *memory);
}

namespace {

struct Point {
    const char *name;
    std::atomic<unsigned> skip{0};
    std::atomic<unsigned> times{0};
    std::atomic<unsigned> fired{0};
    int number = 0;
};

Point points[FAULT_COUNT] = {{"alloc"}, {"accept"}, {"read.short"}, {"write.short"}, {"write.eagain"}, {"fork"}, {"sendfile"}};

/// Whether this call is to fail.
bool hit(fault_point which)
{
    Point &point = points[which];
    if (point.times == 0)
        return false;
    if (point.skip > 0) {
        point.skip--;
        return false;
    }
    point.times--;
    point.fired++;
    return true;
}

// ---- stacks

thread_local void *stack_end = nullptr;
thread_local bool spared = false;

struct Walk {
    fault_stack *stack;
    unsigned skip;
};

_Unwind_Reason_Code visit(_Unwind_Context *context, void *argument)
{
    Walk &walk = *static_cast<Walk *>(argument);
    if (walk.skip > 0) {
        walk.skip--;
        return _URC_NO_REASON;
    }
    if (stack_end && reinterpret_cast<void *>(_Unwind_GetCFA(context)) > stack_end)
        return _URC_END_OF_STACK;
    uint64_t address = _Unwind_GetIP(context);
    fault_stack &stack = *walk.stack;
    stack.hash = (stack.hash ^ address) * 1099511628211u;
    if (stack.depth < std::size(stack.frames))
        stack.frames[stack.depth++] = reinterpret_cast<void *>(address);
    return _URC_NO_REASON;
}

fault_stack current_stack()
{
    fault_stack stack = {};
    stack.hash = 14695981039346656037u;
    Walk walk = {&stack, 2};
    _Unwind_Backtrace(visit, &walk);
    return stack;
}

// ---- allocations

struct Live {
    void *memory;
    uint64_t number;
    fault_stack stack;
};

constexpr size_t kLive = 1 << 16; // open addressing; a scene has some hundreds alive, OpenSSL some thousands
std::mutex live_mutex;
Live live[kLive];
size_t live_count = 0;
uint64_t next_number = 1, mark = 0;

fault_stack *recording = nullptr;
size_t recording_room = 0, recorded = 0;
uint64_t wanted = 0;
unsigned wanted_skip = 0, wanted_burst = 0;

size_t home(void *memory)
{
    return (reinterpret_cast<uintptr_t>(memory) >> 4) * 0x9E3779B97F4A7C15u >> 48;
}

void note(void *memory, const fault_stack &stack)
{
    size_t at = home(memory);
    while (live[at].memory)
        at = (at + 1) % kLive;
    live[at] = {memory, next_number++, stack};
    if (++live_count > kLive / 2)
        abort();
}

/// False for memory that did not come through the points, such as strdup's.
bool forget(void *memory)
{
    size_t at = home(memory);
    while (live[at].memory && live[at].memory != memory)
        at = (at + 1) % kLive;
    if (!live[at].memory)
        return false;
    live_count--;
    for (size_t next = (at + 1) % kLive; live[next].memory; next = (next + 1) % kLive) {
        if (((next - home(live[next].memory)) % kLive) >= ((next - at) % kLive)) {
            live[at] = live[next];
            at = next;
        }
    }
    live[at].memory = nullptr;
    return true;
}

void record(const fault_stack &stack)
{
    size_t at = 0;
    while (at < recorded && recording[at].hash != stack.hash)
        at++;
    if (at == recording_room)
        abort();
    if (at == recorded)
        recording[recorded++] = stack;
    recording[at].count++;
}

/// Whether this allocation is to fail.
bool alloc_hit(const fault_stack &stack)
{
    if (recording)
        record(stack);
    if (wanted != 0 && stack.hash == wanted && wanted_skip-- == 0) {
        wanted = 0;
        points[FAULT_ALLOC].times = wanted_burst;
    }
    return hit(FAULT_ALLOC);
}

template <class Make> void *allocate(Make make)
{
    if (spared)
        return make();
    fault_stack stack = current_stack();
    std::lock_guard<std::mutex> lock(live_mutex);
    void *memory = alloc_hit(stack) ? nullptr : make();
    if (memory)
        note(memory, stack);
    else
        errno = ENOMEM;
    return memory;
}

} // namespace

extern "C" {

static void *crypto_malloc(size_t size, const char *, int)
{
    return size > 0 ? __wrap_malloc(size) : nullptr;
}

static void *crypto_realloc(void *old, size_t size, const char *, int)
{
    return __wrap_realloc(old, size);
}

static void crypto_free(void *memory, const char *, int)
{
    __wrap_free(memory);
}

void *__wrap_malloc(size_t size)
{
    return allocate([&] { return __real_malloc(size); });
}

void *__wrap_calloc(size_t count, size_t size)
{
    return allocate([&] { return __real_calloc(count, size); });
}

void *__wrap_realloc(void *old, size_t size)
{
    return allocate([&]() -> void * {
        // Noted as new only if it succeeds; the old entry goes first, because its address may be given again.
        void *memory = __real_realloc(old, size);
        if (memory && old)
            forget(old);
        return memory;
    });
}

void __wrap_free(void *memory)
{
    if (memory) {
        std::lock_guard<std::mutex> lock(live_mutex);
        forget(memory);
    }
    __real_free(memory);
}

int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
    if (!hit(FAULT_ACCEPT))
        return __real_accept4(fd, address, len, flags);
    if (points[FAULT_ACCEPT].number == ECONNABORTED) { // the kernel takes such a connection out of the backlog
        int gone = __real_accept4(fd, address, len, flags | SOCK_CLOEXEC);
        struct linger now = {1, 0};
        setsockopt(gone, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        close(gone);
    }
    errno = points[FAULT_ACCEPT].number;
    return -1;
}

ssize_t __wrap_recv(int fd, void *out, size_t len, int flags)
{
    return __real_recv(fd, out, len > 1 && hit(FAULT_READ_SHORT) ? 1 : len, flags);
}

ssize_t __wrap_send(int fd, const void *data, size_t len, int flags)
{
    if (hit(FAULT_WRITE_EAGAIN)) {
        errno = EAGAIN;
        return -1;
    }
    return __real_send(fd, data, len > 1 && hit(FAULT_WRITE_SHORT) ? 1 : len, flags);
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
    if (hit(FAULT_WRITE_EAGAIN)) {
        errno = EAGAIN;
        return -1;
    }
    if (message->msg_iovlen > 0 && hit(FAULT_WRITE_SHORT))
        return __real_send(fd, message->msg_iov[0].iov_base, std::min<size_t>(message->msg_iov[0].iov_len, 1), flags);
    return __real_sendmsg(fd, message, flags);
}

ssize_t __wrap_sendfile(int out, int in, off_t *offset, size_t len)
{
    if (hit(FAULT_WRITE_EAGAIN)) {
        errno = EAGAIN;
        return -1;
    }
    if (hit(FAULT_SENDFILE)) {
        errno = points[FAULT_SENDFILE].number;
        return -1;
    }
    return __real_sendfile(out, in, offset, len > 1 && hit(FAULT_WRITE_SHORT) ? 1 : len);
}

pid_t __wrap_fork(void)
{
    if (!hit(FAULT_FORK))
        return __real_fork();
    errno = points[FAULT_FORK].number;
    return -1;
}

void fault_arm(enum fault_point point, unsigned skip, unsigned times, int number)
{
    points[point].skip = skip;
    points[point].fired = 0;
    points[point].number = number;
    points[point].times = times;
}

void fault_disarm(enum fault_point point)
{
    points[point].times = 0;
}

unsigned fault_fired(enum fault_point point)
{
    return points[point].fired;
}

enum fault_point fault_named(const char *name)
{
    int point = 0;
    while (point < FAULT_COUNT && strcmp(points[point].name, name) != 0)
        point++;
    return static_cast<enum fault_point>(point);
}

void fault_begin(void)
{
    event_set_log_callback([](int, const char *) {}); // it says much of what it could not get
    event_set_mem_functions(__wrap_malloc, __wrap_realloc, __wrap_free);
    if (CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free) != 1)
        abort();
}

int fault_spare(int on)
{
    return std::exchange(spared, on != 0) ? 1 : 0;
}

void fault_record(struct fault_stack *list, size_t room)
{
    recording = list;
    recording_room = room;
    recorded = 0;
}

size_t fault_recorded(void)
{
    return recorded;
}

void fault_fail_stack(uint64_t hash, unsigned skip, unsigned burst)
{
    fault_arm(FAULT_ALLOC, 0, 0, 0);
    wanted = hash;
    wanted_skip = skip;
    wanted_burst = burst;
}

void *fault_stack_ends(void *frame)
{
    return std::exchange(stack_end, frame);
}

size_t fault_live(void)
{
    return live_count;
}

void fault_live_mark(void)
{
    mark = next_number;
}

size_t fault_live_since_mark(struct fault_stack *list, size_t room)
{
    size_t found = 0;
    for (const Live &each : live)
        if (each.memory && each.number >= mark && found++ < room)
            list[found - 1] = each.stack;
    return found;
}

} // extern "C"

// The whole program's: the C++ library's own allocations (std::string) pass the points too.

void *operator new(size_t size)
{
    if (void *memory = __wrap_malloc(size > 0 ? size : 1))
        return memory;
    throw std::bad_alloc();
}
void *operator new[](size_t size)
{
    return operator new(size);
}
void *operator new(size_t size, const std::nothrow_t &) noexcept
{
    return __wrap_malloc(size > 0 ? size : 1);
}
void *operator new[](size_t size, const std::nothrow_t &) noexcept
{
    return __wrap_malloc(size > 0 ? size : 1);
}
void operator delete(void *memory) noexcept
{
    __wrap_free(memory);
}
void operator delete[](void *memory) noexcept
{
    __wrap_free(memory);
}
void operator delete(void *memory, size_t) noexcept
{
    __wrap_free(memory);
}
void operator delete[](void *memory, size_t) noexcept
{
    __wrap_free(memory);
}
void operator delete(void *memory, const std::nothrow_t &) noexcept
{
    __wrap_free(memory);
}
void operator delete[](void *memory, const std::nothrow_t &) noexcept
{
    __wrap_free(memory);
}
