#include "core/mailbox.h"

namespace wm {

namespace {

// Made with the first app and never destroyed: a thread that outlives main() may still hold an id.
std::atomic<Mailbox *> table{nullptr};

Mailbox *make_table()
{
    static Mailbox *made = new Mailbox[kApps];
    table.store(made, std::memory_order_release);
    return made;
}

} // namespace

Mailbox *Mailbox::at(uint32_t index)
{
    Mailbox *mailboxes = table.load(std::memory_order_acquire);
    return mailboxes ? mailboxes + index : nullptr;
}

uint32_t Mailbox::claim()
{
    Mailbox *mailboxes = make_table();
    for (uint32_t index = 0; index < kApps; index++) {
        Mailbox &mailbox = mailboxes[index];
        std::lock_guard<std::mutex> lock(mailbox.mutex);
        if (!mailbox.taken) {
            mailbox.taken = true;
            mailbox.closing = false;
            mailbox.owner.store(thread_token(), std::memory_order_relaxed);
            return index;
        }
    }
    return kApps;
}

const void *thread_token()
{
    static thread_local char token;
    return &token;
}

} // namespace wm
