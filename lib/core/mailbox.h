/**
 * @file
 * Mailboxes: how other threads reach an app. A static table of kApps that is never freed, so that an id of a gone app
 * still finds a mailbox that says so.
 */
#ifndef WM_CORE_MAILBOX_H
#define WM_CORE_MAILBOX_H

#include "core/id.h"
#include "wm/app.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <vector>

namespace wm {

class App;

/// One request of another thread. Owns its data until the app's thread has run it.
struct Command {
    enum class Kind : uint8_t { kSend, kClose, kPost, kPart };
    using AnyFunction = void (*)();

    Kind kind;
    uint8_t verb; ///< kPart: one of the part's own
    uint16_t extra_len;
    int32_t flags; ///< of a send; the code of a close
    uint64_t conn; ///< kSend, kClose
    uint64_t part; ///< kPart: the part's id
    char *data;    ///< malloc'd: the head (of a send: its key), the body, then what kPart has in addition
    size_t head_len;
    size_t len; ///< of the body
    wm_post_fn post;
    AnyFunction done; ///< kPart: the caller's, of a type that the part knows
    void *user;
    wm_destroy_fn destroy;
    /// kPart: called in place of the part when it no longer exists. `app` is nullptr while the app is being freed.
    void (*gone)(App *app, const Command &command);

    size_t cost() const { return sizeof(Command) + head_len + len + extra_len; }
    std::string_view head() const { return {data, head_len}; }
    std::string_view body() const { return {data + head_len, len}; }
    std::string_view extra() const { return {data + head_len + len, extra_len}; }
};

struct Mailbox {
    std::mutex mutex;
    /// The token of the app's thread: who finds its own here may use `app` without the mutex.
    std::atomic<const void *> owner{nullptr};
    App *app = nullptr;
    /// In a child of fork(2), with the mutex: whether the app belongs to the parent from here on.
    bool (*is_parents)(App *app) = nullptr;
    bool taken = false;
    std::vector<Command> commands;
    size_t bytes = 0;
    size_t limit = 0;
    bool signalled = false;
    bool stopped = false;         ///< nothing is taken any more
    bool closing = false;         ///< the app is being freed: other threads find nobody any more
    uint32_t generation_base = 0; ///< what the next app at this index starts above

    /// nullptr before the first app.
    static Mailbox *at(uint32_t index)
    {
        Mailbox *mailboxes = table.load(std::memory_order_acquire);
        return mailboxes ? mailboxes + index : nullptr;
    }
    /// An index without an app, or kApps when all are taken; the caller's thread owns it.
    static uint32_t claim();

    /// Whether the app is the parent process's. It has no thread here, so the hot paths, which look for their own
    /// token, refuse it without a test of their own.
    bool forked() const { return owner.load(std::memory_order_relaxed) == &kForkedMark; }
    /// The error of a call on a thread that is not the app's.
    int wrong_thread() const;
    /// WM_EFORK, with its detail.
    static int fail_forked();

private:
    // Made with the first app and never destroyed: a thread that outlives main() may still hold an id.
    static inline std::atomic<Mailbox *> table{nullptr};
    static inline constinit thread_local char thread_mark = 0;
    static inline const char kForkedMark = 0; // no thread's token

    static Mailbox *make_table();
    static void before_fork();
    static void after_fork_in_parent();
    static void after_fork_in_child();
    friend const void *thread_token();
};

/// What stands for the calling thread in Mailbox::owner.
inline const void *thread_token()
{
    return &Mailbox::thread_mark;
}

} // namespace wm

#endif
