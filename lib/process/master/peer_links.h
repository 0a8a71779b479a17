/**
 * @file
 * Tells processes of each other, for the hub: a service and all others, or, without a service, those of one slot that overlap. First every
 * process is told which others exist, then each pair gets a socketpair, and another one when that has ended: so a process that can be asked
 * knows of all whom it has to ask. What could not be told is told at a later step. The master's thread.
 */
#ifndef WM_PROCESS_MASTER_PEER_LINKS_H
#define WM_PROCESS_MASTER_PEER_LINKS_H

#include "core/loop.h"
#include "process/master/children.h"
#include "process/master/link_pause.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

namespace wm {

class PeerLinks {
public:
    explicit PeerLinks(Children &children) : children_(children) {}

    /// Whether there is a hub in this program. Without one no process is told of others.
    void enable() { enabled_ = true; }
    /// After processes were started or have ended.
    void step(int64_t now_ms);
    int64_t due_ms() const { return due_ms_; }

    /// The child's link of that number, to that node, has ended.
    void ended(const Child &child, uint64_t node, int32_t number);
    /// No pair is linked any more: the master stops.
    void stop() { stopping_ = true; }

private:
    /// What a process knows of another one.
    struct Told {
        uint64_t other = 0;  ///< Child::number; a service's node goes on to the next process; 0: none has it now
        bool exists = false; ///< it was told that the other exists
        int32_t link = 0;    ///< its number; 0: there is none
        LinkPause pause;
    };

    bool are_peers(const Child &one, const Child &other) const;
    bool succeeds_service(const Child &child) const;
    template <class Visit> void each_pair(Visit visit);
    Told &knowledge(const Child &whom, uint64_t node, uint64_t other);
    bool tell(const Child &whom, uint64_t node, uint64_t other);
    bool tell_of_services();
    bool tell_all();
    void link(const Child &one, const Child &other, int64_t now_ms);
    void forget_ended();
    static bool send(const Child &whom, uint64_t node, bool hub, int32_t number, int link);
    int32_t next_number();

    Children &children_;
    std::map<std::pair<uint64_t, uint64_t>, Told> told_; ///< by the number of the process that knows, and the node of the other
    size_t changes_ = 0;                                 ///< of the children, as of the last step
    int32_t last_number_ = 0;
    bool enabled_ = false;
    bool stopping_ = false;
    bool has_hub_ = false;    ///< a service is linked to all others
    bool unfinished_ = false; ///< something is to be told again
    int64_t due_ms_ = Loop::kNever;
};

} // namespace wm

#endif
