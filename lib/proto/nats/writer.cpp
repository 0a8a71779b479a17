#include "proto/nats/writer.h"

#include <cjson/cJSON.h>

#include <charconv>
#include <cstring>
#include <memory>
#include <new>

namespace wm::nats {

namespace {

struct DeleteJson {
    void operator()(cJSON *json) const { cJSON_Delete(json); }
};

struct FreeText {
    void operator()(char *text) const { cJSON_free(text); }
};

bool add_text(cJSON *object, const char *name, std::string_view text)
{
    return text.empty() || cJSON_AddStringToObject(object, name, std::string(text).c_str());
}

bool add_bool(cJSON *object, const char *name, bool value)
{
    return cJSON_AddBoolToObject(object, name, value);
}

bool add_members(cJSON *object, const Connect &connect)
{
    constexpr int kDynamicInfo = 1; // of "protocol": INFO comes again
    return add_bool(object, "verbose", false) && add_bool(object, "pedantic", false) && add_bool(object, "echo", true) &&
           add_bool(object, "tls_required", connect.tls) && add_bool(object, "headers", false) &&
           cJSON_AddNumberToObject(object, "protocol", kDynamicInfo) && add_text(object, "lang", "c++") &&
           add_text(object, "name", connect.name) && add_text(object, "version", connect.version) &&
           add_text(object, "user", connect.user) && add_text(object, "pass", connect.password) &&
           add_text(object, "auth_token", connect.token);
}

size_t put(char *out, std::string_view text)
{
    memcpy(out, text.data(), text.size());
    return text.size();
}

} // namespace

std::string connect_line(const Connect &connect)
{
    std::unique_ptr<cJSON, DeleteJson> object(cJSON_CreateObject());
    if (!object || !add_members(object.get(), connect))
        throw std::bad_alloc();
    std::unique_ptr<char, FreeText> text(cJSON_PrintUnformatted(object.get()));
    if (!text)
        throw std::bad_alloc();
    return "CONNECT " + std::string(text.get()) + "\r\n";
}

std::string sub_line(std::string_view subject, uint64_t sid)
{
    return "SUB " + std::string(subject) + " " + std::to_string(sid) + "\r\n";
}

size_t write_pub(char *out, std::string_view subject, size_t payload)
{
    size_t size = put(out, "PUB ");
    size += put(out + size, subject);
    size += put(out + size, " ");
    char *end = std::to_chars(out + size, out + size + 20, payload).ptr;
    size = static_cast<size_t>(end - out);
    return size + put(out + size, kLineEnd);
}

} // namespace wm::nats
