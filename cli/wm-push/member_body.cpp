#include "wm-push/member_body.h"

#include "shared/json_scan.h"
#include "shared/json_write.h"
#include "shared/printable.h"
#include "shared/utf8.h"
#include "wm-push/shell_word.h"

#include <set>

namespace wm {

namespace {

bool refuse(Failure &failure, ExitCode code, const std::string &member, const std::string &text)
{
    failure = {code, "-k " + printable_as_typed(member) + ": " + text};
    return false;
}

/// Checks one value of -k and adds it to the object; `names` has the names so far.
bool add_member(JsonObject &object, std::set<std::string> &names, const std::string &member, Failure &failure)
{
    size_t equals = member.find('=');
    bool raw = equals != std::string::npos && equals > 0 && member[equals - 1] == ':';
    size_t name_len = equals == std::string::npos ? 0 : equals - (raw ? 1 : 0);
    if (name_len == 0)
        return refuse(failure, kExitUsage, member, "give NAME=TEXT or NAME:=JSON, as in -k percent=88% or -k done:=17");
    std::string name = member.substr(0, name_len);
    std::string value = member.substr(equals + 1);
    size_t valid = utf8_valid_prefix(member);
    if (valid < member.size())
        return refuse(failure, kExitBadBody, "NAME=TEXT", "not UTF-8 at byte offset " + std::to_string(valid) + "; convert it to UTF-8");
    if (!names.insert(name).second)
        return refuse(failure, kExitUsage, name, "the name is given twice");
    if (raw) {
        TextShape shape = scan_text(value.data(), value.size());
        if (shape.error != ScanError::kNone)
            return refuse(failure, kExitBadBody, member,
                          "the value is not JSON at its byte offset " + std::to_string(shape.offset) + ": " + scan_error_text(shape.error) +
                              "; for text, type -k " + shell_word(name + "=" + value));
    }
    if (raw)
        object.add_json(name.c_str(), value);
    else
        object.add(name.c_str(), value);
    return true;
}

} // namespace

bool build_member_body(const std::vector<std::string> &members, std::string &body, Failure &failure)
{
    JsonObject object;
    std::set<std::string> names;
    for (const std::string &member : members)
        if (!add_member(object, names, member, failure))
            return false;
    body = object.text();
    return true;
}

} // namespace wm
