#include "worker/watches.h"

#include "core/error.h"
#include "core/reserve.h"
#include "worker/app.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <utility>

namespace wm {

namespace {

uint32_t from_public(int32_t events)
{
    return (events & WM_WATCH_READ ? uint32_t{Watch::kRead} : 0) | (events & WM_WATCH_WRITE ? uint32_t{Watch::kWrite} : 0);
}

int32_t to_public(uint32_t ready)
{
    return (ready & Watch::kRead ? WM_WATCH_READ : 0) | (ready & Watch::kWrite ? WM_WATCH_WRITE : 0);
}

int no_watch()
{
    return fail(WM_ECLOSED, "no such watch: it was deleted");
}

} // namespace

// ---- the host's calls

int Watches::add(int fd, int32_t events, wm_watch_fn fn, void *user, wm_destroy_fn destroy, wm_watch *watch)
{
    if (app_.freeing())
        return App::being_freed();
    bool open = app_.reactor.loop.is_open();
    int number = fcntl(fd, F_GETFD) < 0 ? EBADF : open ? 0 : ForeignFds::probe(fd);
    if (number != 0)
        return refused(fd, number);
    bool recorded = fn || app_.reactor.overflow.reserve_record();
    bool retirable = recorded && app_.reactor.reserve_retire(destroy);
    bool placed = retirable && reserve_slot(first_, static_cast<uint32_t>(fd));
    uint32_t slot = placed ? table_.acquire(Entry{fd, FileIdentity::of(fd), from_public(events), fn, user, destroy}) : table_.kNone;
    int result = slot == table_.kNone ? fail(WM_ENOMEM, "out of memory or ids for a watch") : open ? open_fds() : 0;
    if (result == 0 && open)
        result = link(slot);
    if (result == 0) {
        *watch = id_of(slot);
        return 0;
    }
    if (slot != table_.kNone)
        table_.release(slot);
    if (!fn && recorded)
        app_.reactor.overflow.release_record();
    if (retirable)
        app_.reactor.release_retire(destroy);
    return result;
}

int Watches::set(uint32_t slot, uint32_t generation, int32_t events)
{
    Entry *entry = table_.find(slot, generation);
    if (!entry)
        return no_watch();
    int fd = entry->fd;
    entry->events = from_public(events);
    if (!app_.reactor.loop.is_open())
        return 0;
    if (entry->linked && !fds_.change(fd, interest_of(fd)))
        lose(fd);
    return entry->linked ? 0 : no_longer(fd);
}

int Watches::remove(uint32_t slot, uint32_t generation)
{
    Entry *entry = table_.find(slot, generation);
    if (!entry)
        return no_watch();
    if (entry->linked)
        unlink(slot);
    app_.reactor.overflow.drop(entry->record);
    app_.reactor.retire(entry->user, entry->destroy);
    release(slot);
    return 0;
}

uint64_t Watches::id_of(uint32_t slot) const
{
    return pack_id(IdKind::kWatch, app_.index(), slot, table_.generation_of(slot));
}

void Watches::release(uint32_t slot)
{
    if (!table_.at(slot)->fn)
        app_.reactor.overflow.release_record();
    table_.release(slot);
}

void Watches::drop_all()
{
    for (uint32_t slot = 0; slot < table_.used(); slot++)
        if (table_.live_at(slot) && table_.at(slot)->destroy)
            table_.at(slot)->destroy(table_.at(slot)->user);
}

// ---- descriptors

int Watches::open_fds()
{
    return fds_.open(app_.reactor.loop, {this, &Watches::ready, &Watches::lost});
}

int Watches::loop_opened()
{
    if (table_.live() == 0)
        return 0;
    if (int result = open_fds())
        return result;
    for (uint32_t slot = 0; slot < table_.used(); slot++) {
        if (!table_.live_at(slot))
            continue;
        const Entry &entry = *table_.at(slot);
        int result = FileIdentity::of(entry.fd) == entry.file ? link(slot) : no_longer(entry.fd);
        if (result == WM_ENOMEM)
            return result;
        if (result != 0)
            log(WM_LOG_ERROR, "a watch from before the start: %s", last_error());
    }
    return 0;
}

void Watches::close()
{
    fds_.close();
    for (uint32_t slot = 0; slot < table_.used(); slot++)
        if (table_.live_at(slot))
            table_.at(slot)->linked = false;
    std::fill(first_.begin(), first_.end(), 0);
}

int Watches::no_longer(int fd)
{
    return fail(WM_ECLOSED, "descriptor %d was closed, or is another file now: delete its watch", fd);
}

/// 0, or a WM_E... code with its detail.
int Watches::link(uint32_t slot)
{
    Entry &entry = *table_.at(slot);
    Link &first = first_of(entry.fd);
    if (first != 0 && !fds_.change(entry.fd, interest_of(entry.fd) | entry.events))
        lose(entry.fd);
    if (first == 0 && !fds_.add(entry.fd, entry.events))
        return refused(entry.fd, errno);
    entry.next = std::exchange(first, slot + 1);
    entry.linked = true;
    return 0;
}

int Watches::refused(int fd, int number)
{
    switch (number) {
    case EBADF:
        return fail(WM_EINVAL, "descriptor %d is not open", fd);
    case EPERM:
        return fail(WM_EINVAL, "descriptor %d cannot be watched: files, directories and devices without poll(2) are always ready", fd);
    case ELOOP:
    case EINVAL:
        return fail(WM_EINVAL, "descriptor %d cannot be watched: it is the app's own, or an epoll set with too many others in it", fd);
    case ENOSPC:
        return fail(WM_EFULL, "descriptor %d cannot be watched: the user has fs.epoll.max_user_watches already", fd);
    default:
        return fail(code_of_errno(number), "descriptor %d cannot be watched: %s", fd, strerror(number));
    }
}

void Watches::unlink(uint32_t slot)
{
    Entry &entry = *table_.at(slot);
    if (cursor_ == slot + 1)
        cursor_ = entry.next;
    Link *link = &first_of(entry.fd);
    while (*link != slot + 1)
        link = &table_.at(*link - 1)->next;
    *link = entry.next;
    entry.linked = false;
    if (first_of(entry.fd) == 0)
        fds_.remove(entry.fd);
    else if (!fds_.change(entry.fd, interest_of(entry.fd)))
        lose(entry.fd);
}

/// The descriptor was closed without a word: its watches are over.
void Watches::lose(int fd)
{
    fds_.remove(fd);
    if (cursor_ != 0 && table_.at(cursor_ - 1)->fd == fd)
        cursor_ = 0;
    for (Link link = std::exchange(first_of(fd), 0); link != 0; link = table_.at(link - 1)->next)
        table_.at(link - 1)->linked = false;
    if (lost_throttle_.due(app_.reactor.loop.now_ms()))
        lost_throttle_.log(WM_LOG_WARN, "watched descriptor %d was closed, or is another file now: delete a watch before its descriptor",
                           fd);
}

uint32_t Watches::interest_of(int fd)
{
    uint32_t interest = 0;
    for (Link link = first_of(fd); link != 0; link = table_.at(link - 1)->next)
        interest |= table_.at(link - 1)->events;
    return interest;
}

// ---- what is ready

void Watches::lost(void *self, int fd)
{
    static_cast<Watches *>(self)->lose(fd);
}

bool Watches::ready(void *watches, int fd, uint32_t ready)
{
    Watches *self = static_cast<Watches *>(watches);
    for (self->cursor_ = self->first_of(fd); self->cursor_ != 0;) {
        uint32_t slot = self->cursor_ - 1;
        const Entry &entry = *self->table_.at(slot);
        self->cursor_ = entry.next;
        uint32_t what = ready & entry.events;
        if (what != 0 && entry.fn)
            self->call(slot, what);
        else if (what != 0)
            self->make_record(slot, what);
        if (self->app_.reactor.forked)
            return false;
    }
    return true;
}

/// An exception must not leave the other descriptors of the turn disarmed.
void Watches::call(uint32_t slot, uint32_t ready)
{
    const Entry entry = *table_.at(slot);
    app_.reactor.callback_watch.begin(nullptr, "watch");
    try {
        entry.fn(id_of(slot), entry.fd, to_public(ready), entry.user);
    } catch (const std::exception &error) {
        log_exception("a callback", error.what());
    }
    app_.reactor.callback_watch.end();
}

void Watches::make_record(uint32_t slot, uint32_t ready)
{
    Entry &entry = *table_.at(slot);
    Dispatch &dispatch = app_.reactor.dispatch;
    if (!dispatch.pulls()) {
        log(WM_LOG_WARN, "descriptor %d is ready, but its watch has no callback, and nothing polls: it waits for nothing from here on",
            entry.fd);
        entry.events = 0;
        fds_.change(entry.fd, interest_of(entry.fd));
    } else if (!app_.reactor.overflow.is_new(entry.record) && entry.record_epoch != app_.reactor.slice_epoch) {
        entry.record = dispatch.watch(id_of(slot), to_public(ready), entry.user);
        entry.record_epoch = app_.reactor.slice_epoch;
    }
}

} // namespace wm
