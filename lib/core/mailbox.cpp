#include "core/mailbox.h"

#include "core/error.h"

#include <pthread.h>

namespace wm {

Mailbox *Mailbox::make_table()
{
    static Mailbox *made = [] {
        pthread_atfork(&Mailbox::before_fork, &Mailbox::after_fork_in_parent, &Mailbox::after_fork_in_child);
        return new Mailbox[kApps];
    }();
    table.store(made, std::memory_order_release);
    return made;
}

// A mutex that another thread holds would stay locked in the child, which has no such thread.
void Mailbox::before_fork()
{
    for (uint32_t index = 0; index < kApps; index++)
        at(index)->mutex.lock();
}

void Mailbox::after_fork_in_parent()
{
    for (uint32_t index = 0; index < kApps; index++)
        at(index)->mutex.unlock();
}

void Mailbox::after_fork_in_child()
{
    for (uint32_t index = 0; index < kApps; index++) {
        Mailbox &mailbox = *at(index);
        if (mailbox.app && !mailbox.forked() && mailbox.is_parents(mailbox.app))
            mailbox.owner.store(&kForkedMark, std::memory_order_relaxed);
        mailbox.mutex.unlock();
    }
}

int Mailbox::wrong_thread() const
{
    return forked() ? fail_forked() : fail(WM_ETHREAD, "only the thread that runs or polls the app may call this");
}

int Mailbox::fail_forked()
{
    return fail(WM_EFORK, "the app belongs to the parent process: a child of fork(2) can only free it, and make its own");
}

uint32_t Mailbox::claim()
{
    Mailbox *mailboxes = make_table();
    for (uint32_t index = 0; index < kApps; index++) {
        Mailbox &mailbox = mailboxes[index];
        std::lock_guard<std::mutex> lock(mailbox.mutex);
        if (!mailbox.taken) {
            mailbox.taken = true;
            mailbox.closing = mailbox.stopped = false;
            mailbox.owner.store(thread_token(), std::memory_order_relaxed);
            return index;
        }
    }
    return kApps;
}

} // namespace wm
