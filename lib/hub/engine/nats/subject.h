/**
 * @file
 * The subjects of a cluster: one of all nodes, and the inbox of each. Pure.
 */
#ifndef WM_HUB_ENGINE_NATS_SUBJECT_H
#define WM_HUB_ENGINE_NATS_SUBJECT_H

#include "hub/cluster/carrier.h"
#include "hub/engine/engine_settings.h"
#include "proto/nats/limits.h"

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <string_view>

namespace wm::nats {

class Subject {
public:
    /// Of a node, or of all (Carrier::kAll).
    Subject(const EngineSettings &settings, uint64_t node)
    {
        const char *cluster = settings.cluster.c_str();
        size_ = node == Carrier::kAll ? snprintf(text_, sizeof text_, "wm.%s.all", cluster)
                                      : snprintf(text_, sizeof text_, "wm.%s.n.%016" PRIx64, cluster, node);
    }

    std::string_view text() const { return {text_, static_cast<size_t>(size_)}; }

private:
    char text_[EngineSettings::kMaxCluster + 24]; // its name was checked, as one token of a subject
    int size_;

    static_assert(sizeof text_ <= kMaxSubject);
};

} // namespace wm::nats

#endif
