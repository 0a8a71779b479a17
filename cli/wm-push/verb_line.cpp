#include "wm-push/verb_line.h"

#include "shared/json_write.h"

namespace wm {

namespace {

const char *name_of(Verb verb)
{
    switch (verb) {
    case Verb::kKick:
        return "kick";
    case Verb::kJoin:
        return "join";
    case Verb::kLeave:
        return "leave";
    default:
        return "online";
    }
}

} // namespace

std::string build_verb_line(const Arguments &arguments, std::string_view uid)
{
    std::string line = std::string(R"({"wm":{"cmd":")") + name_of(arguments.verb) + R"(","uid":)";
    append_json_string(line, uid);
    if (arguments.verb == Verb::kJoin || arguments.verb == Verb::kLeave) {
        line += ",\"group\":";
        append_json_string(line, arguments.group);
    }
    if (!arguments.code.empty())
        line += ",\"code\":" + arguments.code;
    if (!arguments.reason.empty()) {
        line += ",\"reason\":";
        append_json_string(line, arguments.reason);
    }
    return line + R"(,"reply":"json"}})";
}

} // namespace wm
