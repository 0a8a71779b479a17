#include "wm-push/member_body.h"

#include "shared/json_scan.h"
#include "shared/utf8.h"

#include <cjson/cJSON.h>
#include <memory>
#include <new>
#include <string_view>

namespace wm {

namespace {

struct DeleteDocument {
    void operator()(cJSON *document) const { cJSON_Delete(document); }
};
using Document = std::unique_ptr<cJSON, DeleteDocument>;

struct FreeText {
    void operator()(char *text) const { cJSON_free(text); }
};

bool refuse(Failure &failure, ExitCode code, const std::string &member, const std::string &text)
{
    failure = {code, "-k " + member + ": " + text};
    return false;
}

/// Adds one member. Everything is checked here, since cJSON takes any bytes as
/// they come.
bool add_member(cJSON *object, const std::string &member, Failure &failure)
{
    size_t equals = member.find('=');
    bool raw = equals != std::string::npos && equals > 0 && member[equals - 1] == ':';
    size_t name_len = equals == std::string::npos ? 0 : equals - (raw ? 1 : 0);
    if (name_len == 0)
        return refuse(failure, kExitUsage, member, "give NAME=TEXT or NAME:=JSON");
    std::string name = member.substr(0, name_len);
    std::string value = member.substr(equals + 1);
    size_t good = utf8_valid_prefix(member);
    if (good < member.size())
        return refuse(failure, kExitBadBody, "NAME=TEXT", "not UTF-8 at byte offset " + std::to_string(good) + "; convert it to UTF-8");
    if (cJSON_GetObjectItemCaseSensitive(object, name.c_str()) != nullptr)
        return refuse(failure, kExitUsage, name, "given twice; use a name once");
    if (raw) {
        TextShape shape = scan_text(value.data(), value.size());
        if (shape.error != ScanError::kNone)
            return refuse(failure, kExitBadBody, member,
                          "the value is not JSON at its byte offset " + std::to_string(shape.offset) + ": " + scan_error_text(shape.error) +
                              "; for a text write -k " + name + "=TEXT");
    }
    cJSON *item = raw ? cJSON_CreateRaw(value.c_str()) : cJSON_CreateString(value.c_str());
    if (item == nullptr || cJSON_AddItemToObject(object, name.c_str(), item) == 0)
        throw std::bad_alloc();
    return true;
}

} // namespace

bool build_member_body(const std::vector<std::string> &members, std::string &body, Failure &failure)
{
    Document object(cJSON_CreateObject());
    for (const std::string &member : members)
        if (!add_member(object.get(), member, failure))
            return false;
    std::unique_ptr<char, FreeText> text(cJSON_PrintUnformatted(object.get()));
    if (text == nullptr)
        throw std::bad_alloc();
    body = text.get();
    return true;
}

} // namespace wm
