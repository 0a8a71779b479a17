#include "core/mailbox.h"

namespace wm {

Mailbox *Mailbox::make_table()
{
    static Mailbox *made = new Mailbox[kApps];
    table.store(made, std::memory_order_release);
    return made;
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
