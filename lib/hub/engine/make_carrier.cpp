#include "hub/engine/make_carrier.h"

#include "core/error.h"
#include "core/log.h"
#include "hub/engine/engine_url.h"
#include "hub/engine/nats/nats_carrier.h"
#include "hub/engine/redis/cluster_carrier.h"
#include "hub/engine/redis/redis_carrier.h"
#include "proto/ascii.h"

#include <algorithm>
#include <utility>

namespace wm {

namespace {

int read(const EngineSettings &settings, EngineUrl &url)
{
    auto fits = [](char c) { return ascii::is(c, ascii::kAlpha | ascii::kDigit) || c == '-' || c == '_'; };
    const std::string &cluster = settings.cluster;
    if (cluster.empty() || cluster.size() > EngineSettings::kMaxCluster || !std::all_of(cluster.begin(), cluster.end(), fits))
        return fail(WM_EINVAL, "a cluster's name has 1 to %zu characters of A-Z, a-z, 0-9, '-' and '_'", EngineSettings::kMaxCluster);
    if (int result = url.parse(settings.url))
        return result;
    bool is_redis = url.kind != EngineKind::kNats;
    bool has_user = !url.user.empty() || !settings.user.empty(), has_password = !url.password.empty() || !settings.password.empty();
    if (is_redis && has_user && !has_password)
        return fail(WM_EINVAL, "the engine's user has no password: a password alone is redis://:PASSWORD@HOST");
    return 0;
}

} // namespace

int check_engine(const EngineSettings &settings)
{
    EngineUrl url;
    return read(settings, url);
}

std::unique_ptr<Carrier> make_carrier(App &app, const EngineSettings &settings, CarrierEvents &events)
{
    EngineUrl url;
    if (read(settings, url) != 0)
        return nullptr;
    if (!settings.tls_verify)
        log(WM_LOG_WARN, "engine %s: engine_tls_verify is 0, so anyone between here and the engine can read and change all that is sent",
            url.shown.c_str());
    switch (url.kind) {
    case EngineKind::kRedis:
    case EngineKind::kSentinel:
        return std::make_unique<redis::RedisCarrier>(app, std::move(url), settings, events);
    case EngineKind::kRedisCluster:
        return std::make_unique<redis::ClusterCarrier>(app, std::move(url), settings, events);
    case EngineKind::kNats:
        return std::make_unique<nats::NatsCarrier>(app, std::move(url), settings, events);
    }
    return nullptr;
}

} // namespace wm
