/**
 * @file
 * The host's functions for messages between its processes, one for each topic. Owned by the hub; the app's thread.
 */
#ifndef WM_HUB_TOPICS_H
#define WM_HUB_TOPICS_H

#include "conn/callbacks.h"
#include "hub/name_table.h"
#include "wm/hub.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace wm {

class Reactor;

class Topics {
public:
    using Function = Callback<wm_hub_message_fn>;

    /// The function of a topic whose messages are records. It is not called: Hub::publish knows it.
    static int32_t make_record(wm_hub *hub, const void *topic, size_t topic_len, const void *data, size_t len, void *user);

    explicit Topics(Reactor &reactor) : reactor_(reactor) {}
    Topics(const Topics &) = delete;
    Topics &operator=(const Topics &) = delete;
    ~Topics();

    /// Puts the function of a topic in the place of the one before, whose notifier runs at the end of the turn; one without fn removes it.
    /// 0, WM_EFULL at `most` topics, or WM_ENOMEM.
    int set(std::string_view topic, const Function &function, size_t most);
    /// nullptr: there is none. Valid until the next set().
    const Function *find(std::string_view topic) const;
    /// Whether a topic ever had a function.
    bool was_used() const { return !functions_.empty(); }

private:
    /// Reserves a place; WM_EFULL or WM_ENOMEM.
    int add(std::string_view topic, size_t most);
    void remove(Name *name);

    Reactor &reactor_;
    NameTable names_;                 ///< a name's only member is its function
    std::vector<Function> functions_; ///< each has reserved the call of its notifier
    std::vector<uint32_t> free_;      ///< places in functions_; has room for all of them
};

} // namespace wm

#endif
