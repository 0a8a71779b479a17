#include "hub/cluster/peer_claims.h"

#include <algorithm>

namespace wm::cluster {

namespace {

constexpr uint32_t kAhead = 16; // names whose places are loaded while others are changed

/// Calls act(fp) for each until it returns false. Whether none did.
template <class Act> bool each_print(const Directory &directory, const Prints &prints, Act act)
{
    for (uint32_t i = 0; i < std::min(kAhead, prints.size()); i++)
        directory.prefetch(prints[i]);
    for (uint32_t i = 0; i < prints.size(); i++) {
        if (i + kAhead < prints.size())
            directory.prefetch(prints[i + kAhead]);
        if (!act(prints[i]))
            return false;
    }
    return true;
}

} // namespace

/// Forgets all names, of which the directory is swept later.
void PeerClaims::drop()
{
    if (target_ != Directory::kNoTarget)
        directory_.close(target_);
    target_ = Directory::kNoTarget;
    have_ = 0;
    older_ = 0;
    valid_ = in_state_ = false;
}

/// What the peer said does not agree with itself, or there is no memory for it: begins anew, each time a little later.
void PeerClaims::fail()
{
    drop();
    pause_ = next_pause_;
    next_pause_ = std::clamp(next_pause_ * 2, 1u, kMaxPause);
}

/// The names are those of the last HELLO.
void PeerClaims::accept()
{
    valid_ = true;
    pause_ = next_pause_ = 0;
}

bool PeerClaims::want()
{
    if (asked_ || too_many_ || pause_ > 0)
        return false;
    asked_ = true;
    return true;
}

void PeerClaims::begin_life(uint64_t epoch)
{
    drop();
    epoch_ = epoch;
    too_many_ = false;
    pause_ = next_pause_ = 0;
}

bool PeerClaims::hello(uint64_t epoch, uint64_t seq, uint64_t digest)
{
    if (epoch < epoch_)
        return false;
    if (epoch > epoch_)
        begin_life(epoch);
    if (too_many_)
        return false;
    heard_seq_ = seq;
    heard_digest_ = digest;
    asked_ = false;
    if (in_state_ && ++quiet_ < kMaxQuiet)
        return false;
    if (!in_state_ && seq == have_ && digest == this->digest()) {
        older_ = 0;
        accept();
        return false;
    }
    valid_ = false;
    if (!in_state_ && seq < have_ && ++older_ < kMaxOlder)
        return false;
    bool is_wrong = seq <= have_;
    if (pause_ > 0)
        pause_--;
    if (in_state_ || is_wrong)
        fail();
    return want();
}

bool PeerClaims::apply(const Delta &delta)
{
    directory_.sweep();
    if (epoch_ == 0 || too_many_ || in_state_ || delta.seq <= have_) // what changes during a STATE is asked for behind it
        return false;
    if (delta.before > have_) {
        valid_ = false;
        return want();
    }
    if (!add_all(delta.adds))
        return false;
    remove_all(delta.removes);
    have_ = delta.seq;
    if (have_ == heard_seq_ && digest() == heard_digest_)
        accept();
    return false;
}

/// Whether the part is the next one, of a STATE that is of use.
bool PeerClaims::take_part(const StatePart &part)
{
    if (epoch_ == 0 || too_many_ || valid_ || part.seq <= (in_state_ ? state_seq_ - 1 : have_))
        return false;
    if (part.part == 0 && !(in_state_ && part.seq == state_seq_)) {
        drop();
        in_state_ = true;
        state_seq_ = part.seq;
        next_part_ = 0;
    }
    if (!in_state_ || part.seq != state_seq_ || part.part < next_part_)
        return false;
    if (part.part > next_part_) { // one is lost
        fail();
        return false;
    }
    return true;
}

bool PeerClaims::apply(const StatePart &part)
{
    directory_.sweep();
    if (!take_part(part) || !add_all(part.prints))
        return false;
    quiet_ = 0;
    next_part_++;
    if (!part.is_last)
        return false;
    in_state_ = false;
    have_ = state_seq_;
    asked_ = false;
    if (have_ == heard_seq_ && digest() == heard_digest_)
        accept();
    return have_ < heard_seq_ && want();
}

/// False: all names were dropped.
bool PeerClaims::add_all(const Prints &prints)
{
    if (prints.size() > 0 && target_ == Directory::kNoTarget)
        target_ = directory_.open(owner_);
    too_many_ = prints.size() > 0 && target_ != Directory::kNoTarget &&
                (directory_.count(target_) + prints.size() > max_names_ || directory_.size() + prints.size() > max_all_names_);
    if (too_many_) {
        drop();
        return false;
    }
    bool added =
        each_print(directory_, prints, [this](uint64_t fp) { return target_ != Directory::kNoTarget && directory_.add(fp, target_); });
    if (!added)
        fail();
    return added;
}

void PeerClaims::remove_all(const Prints &prints)
{
    if (target_ == Directory::kNoTarget)
        return;
    each_print(directory_, prints, [this](uint64_t fp) {
        directory_.remove(fp, target_);
        return true;
    });
}

} // namespace wm::cluster
