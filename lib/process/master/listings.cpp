#include "process/master/listings.h"

#include "process/connection_file.h"
#include "process/process_state.h"
#include "worker/worker.h"

#include <algorithm>
#include <sys/mman.h>

namespace wm {

bool Listings::Listing::complete() const
{
    return std::none_of(parts.begin(), parts.end(), [](const Part &part) { return part.waits; });
}

void Listings::begin(uint64_t client, const ConnectionQuery &query, bool json, int64_t now_ms)
{
    Listing listing = {next_id_++, client, query, json, now_ms + kAnswerMs, {}};
    for (const auto &child : children_.all()) {
        const std::string &name = children_.slots()[child->slot].job.name();
        Part part = {{}, child->page, Fd(memfd_create("wm-connections", MFD_CLOEXEC)), false};
        part.answer.pid = child->pid;
        part.answer.worker = name;
        // A child that is still starting has no connections and reads no requests.
        bool ready = child->ready_ms >= 0;
        part.waits = ready && part.file && child->channel.send(MessageKind::kList, 0, listing.id, {}, part.file.get(), false);
        part.answer.answered = !ready;
        listing.parts.push_back(std::move(part));
    }
    listings_.push_back(std::move(listing));
}

void Listings::answered(pid_t pid, uint64_t id)
{
    for (Listing &listing : listings_) {
        if (listing.id != id)
            continue;
        for (Part &part : listing.parts) {
            if (part.answer.pid != pid || !part.waits)
                continue;
            part.answer.records = read_connections(part.file.get());
            part.answer.answered = true;
            part.waits = false;
        }
    }
}

/// Its connections have ended with it.
void Listings::child_died(pid_t pid)
{
    for (Listing &listing : listings_)
        std::erase_if(listing.parts, [pid](const Part &part) { return part.answer.pid == pid && part.waits; });
}

void Listings::step(int64_t now_ms)
{
    for (Listing &listing : listings_)
        if (listing.complete() || listing.deadline_ms <= now_ms)
            finish(listing, now_ms);
    std::erase_if(listings_, [now_ms](const Listing &listing) { return listing.complete() || listing.deadline_ms <= now_ms; });
}

void Listings::finish(Listing &listing, int64_t now_ms)
{
    std::vector<ConnectionAnswer> answers;
    for (Part &part : listing.parts) {
        if (!part.answer.answered) {
            ProcessFacts facts;
            children_.pages().read(part.page, now_ms, facts);
            part.answer.busy_ms = facts.busy_ms;
            part.answer.stopped = is_stopped(part.answer.pid);
        }
        answers.push_back(std::move(part.answer));
    }
    bool given = control_.answer_file(listing.client,
                                      listing.json ? connections_json(answers, listing.query) : connections_text(answers, listing.query));
    control_.end(listing.client, given ? kExitDone : kExitFailed);
}

int64_t Listings::due_ms() const
{
    int64_t due = Loop::kNever;
    for (const Listing &listing : listings_)
        due = std::min(due, listing.complete() ? 0 : listing.deadline_ms);
    return due;
}

} // namespace wm
