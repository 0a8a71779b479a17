#include "hub/topics.h"

#include "conn/reactor.h"
#include "core/error.h"
#include "core/reserve.h"

namespace wm {

int32_t Topics::make_record(wm_hub *, const void *, size_t, const void *, size_t, void *)
{
    return WM_EINTERNAL;
}

Topics::~Topics()
{
    for (const Function &function : functions_)
        reactor_.retire(function.user, function.destroy);
}

const Topics::Function *Topics::find(std::string_view topic) const
{
    const Name *name = names_.find(topic);
    return name ? &functions_[name->oldest] : nullptr;
}

int Topics::set(std::string_view topic, const Function &function, size_t most)
{
    if (!reactor_.reserve_retire(function.destroy))
        return fail(WM_ENOMEM, "out of memory for the function of a topic");
    Name *name = names_.find(topic);
    if (!function.fn) {
        if (name)
            remove(name);
        reactor_.retire(function.user, function.destroy);
        return 0;
    }
    if (!name) {
        if (int wrong = add(topic, most)) {
            reactor_.release_retire(function.destroy);
            return wrong;
        }
        name = names_.find(topic);
    }
    Function &place = functions_[name->oldest];
    reactor_.retire(place.user, place.destroy);
    place = function;
    return 0;
}

int Topics::add(std::string_view topic, size_t most)
{
    if (names_.size() >= most)
        return fail(WM_EFULL, "%zu topics have functions, and max_topics allows %zu", names_.size(), most);
    bool room = !free_.empty() || (reserve_in(functions_, functions_.size() + 1) && reserve_in(free_, functions_.size() + 1));
    Name *name = room ? names_.add(topic) : nullptr;
    if (!name)
        return fail(WM_ENOMEM, "out of memory for the function of a topic");
    if (free_.empty()) {
        free_.push_back(static_cast<uint32_t>(functions_.size()));
        functions_.emplace_back();
    }
    name->oldest = free_.back();
    free_.pop_back();
    return 0;
}

void Topics::remove(Name *name)
{
    Function &place = functions_[name->oldest];
    reactor_.retire(place.user, place.destroy);
    place = {};
    free_.push_back(name->oldest);
    names_.remove(name);
}

} // namespace wm
