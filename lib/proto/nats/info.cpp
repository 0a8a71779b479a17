#include "proto/nats/info.h"

#include "core/escape.h"

#include <cjson/cJSON.h>

#include <cstdint>
#include <memory>
#include <new>
#include <utility>

namespace wm::nats {

namespace {

constexpr double kMostPayload = 9007199254740991.0; // 2^53 - 1: what a number in JSON says exactly

struct DeleteJson {
    void operator()(cJSON *json) const { cJSON_Delete(json); }
};

const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

bool is_true(const cJSON *object, const char *name)
{
    return cJSON_IsTrue(member(object, name)) != 0;
}

void read_servers(const cJSON *list, std::vector<std::string> &out)
{
    for (const cJSON *each = cJSON_IsArray(list) ? list->child : nullptr; each && out.size() < kMaxServers; each = each->next)
        if (cJSON_IsString(each) && each->valuestring[0] != '\0') {
            std::string_view server = each->valuestring;
            if (server.size() <= kMaxServer)
                out.emplace_back(server);
        }
}

const char *read_members(const cJSON *object, Info &out)
{
    if (const cJSON *version = member(object, "version"); cJSON_IsString(version))
        out.version = escaped(version->valuestring, kMaxVersion);
    if (const cJSON *most = member(object, "max_payload")) {
        if (!cJSON_IsNumber(most) || !(most->valuedouble >= 1 && most->valuedouble <= kMostPayload))
            return "max_payload is no number of bytes above 0";
        out.max_payload = static_cast<size_t>(most->valuedouble);
    }
    read_servers(member(object, "connect_urls"), out.servers);
    out.auth_required = is_true(object, "auth_required");
    out.tls_required = is_true(object, "tls_required");
    out.tls_offered = out.tls_required || is_true(object, "tls_available");
    out.lame_duck = is_true(object, "ldm");
    return nullptr;
}

} // namespace

const char *read_info(std::string_view json, Info &out)
{
    try {
        std::string text(json); // cJSON reads to the NUL behind a text when it checks that nothing follows
        const char *end = nullptr;
        std::unique_ptr<cJSON, DeleteJson> document(cJSON_ParseWithOpts(text.c_str(), &end, 1));
        if (!document || end != text.c_str() + text.size())
            return "it is not JSON";
        if (!cJSON_IsObject(document.get()))
            return "it is not a JSON object";
        Info info;
        if (const char *why = read_members(document.get(), info))
            return why;
        out = std::move(info);
        return nullptr;
    } catch (const std::bad_alloc &) {
        return "there is no memory to read it";
    }
}

} // namespace wm::nats
