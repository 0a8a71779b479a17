/**
 * @file
 * The channels of a cluster: one of all nodes, and the inbox of each. What is in braces is what a Redis Cluster finds the server by. Pure.
 */
#ifndef WM_HUB_ENGINE_REDIS_CHANNELS_H
#define WM_HUB_ENGINE_REDIS_CHANNELS_H

#include "hub/cluster/carrier.h"
#include "hub/engine/engine_settings.h"

#include <cstdint>
#include <cstdio>
#include <string_view>

namespace wm::redis {

class Channel {
public:
    /// Of a node, or of all (Carrier::kAll).
    Channel(const EngineSettings &settings, uint64_t node)
    {
        const char *cluster = settings.cluster.c_str();
        size_ = node == Carrier::kAll ? snprintf(text_, sizeof text_, "wm:{%s}", cluster)
                                      : snprintf(text_, sizeof text_, "wm:{%s:%016llx}", cluster, static_cast<unsigned long long>(node));
    }

    std::string_view text() const { return {text_, static_cast<size_t>(size_)}; }

private:
    char text_[EngineSettings::kMaxCluster + 24]; // its name was checked
    int size_;
};

} // namespace wm::redis

#endif
