#include "wm-push/arguments.h"

#include "shared/duration.h"
#include "shared/scan_error.h"
#include "shared/utf8.h"
#include "wm-push/exit_code.h"
#include "wm-push/usage.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace wm {

namespace {

constexpr const char *kDefaultServer = "127.0.0.1:5678";

/// The words and flags of the command line, before they are checked against each other.
struct RawArguments {
    std::string first;  ///< UID, or BODY with --all
    std::string second; ///< BODY
    size_t words = 0;
    bool lines = false;
    bool help = false;
    bool version = false;
    std::string server;
    std::string timeout;
};

int usage_error(const std::string &text)
{
    std::fprintf(stderr, "wm-push: %s\n%s", text.c_str(), kUsageText);
    return kExitUsage;
}

/// The error in the uid, if any.
std::optional<std::string> check_uid(const std::string &uid)
{
    if (uid.empty() || uid.size() > kMaxUidBytes)
        return "UID has " + std::to_string(uid.size()) + " bytes; it must have 1 to " + std::to_string(kMaxUidBytes);
    size_t valid = utf8_valid_prefix(uid);
    if (valid < uid.size())
        return "UID is not UTF-8 at byte offset " + std::to_string(valid) + "; convert it to UTF-8";
    return std::nullopt;
}

/// Determines where the bodies come from, and checks the number of words.
std::optional<int> choose_source(const RawArguments &raw, Arguments &out)
{
    size_t targets = out.to_all ? 0 : 1;
    if (raw.words < targets)
        return usage_error("UID is missing; give one, or --all for every page");
    if (raw.words > targets + 1)
        return usage_error("--all takes BODY but no UID");
    bool has_body = raw.words == targets + 1;
    out.uid = out.to_all ? "" : raw.first;
    out.body = out.to_all ? raw.first : raw.second;
    if (raw.lines + !out.members.empty() + has_body > 1)
        return usage_error("BODY, -k and -l exclude each other; use one of them");
    if (raw.lines)
        out.source = BodySource::kInputLines;
    else if (!out.members.empty())
        out.source = BodySource::kMembers;
    else if (!has_body || out.body == "-")
        out.source = BodySource::kWholeInput;
    if (!has_body && out.source == BodySource::kWholeInput && isatty(STDIN_FILENO) != 0)
        return usage_error("BODY is missing; give one, - to type it, or -l to type lines");
    return std::nullopt;
}

std::optional<int> choose_server(const RawArguments &raw, Arguments &out)
{
    const char *environment = std::getenv("WM_PUSH_SERVER");
    std::string given = raw.server;
    const char *name = "--server";
    if (given.empty() && environment != nullptr && *environment != '\0') {
        given = environment;
        name = "WM_PUSH_SERVER";
    }
    std::string error;
    if (parse_server_address(given.empty() ? kDefaultServer : given, out.server, error))
        return std::nullopt;
    return usage_error(std::string(name) + " " + given + ": " + error);
}

std::optional<int> check_arguments(const RawArguments &raw, Arguments &out)
{
    if (auto end = choose_source(raw, out))
        return end;
    if (auto error = check_uid(out.uid); error && !out.to_all)
        return usage_error(*error);
    if (!raw.timeout.empty() && !parse_duration(raw.timeout, false, out.timeout))
        return usage_error("--timeout " + raw.timeout + ": " + kDurationForm);
    return choose_server(raw, out);
}

/// The error for an unexpected word, with a hint about the two usual causes: a leading - and missing quotes.
int extras_error(const CLI::App &app)
{
    std::string word = app.remaining().empty() ? "" : app.remaining().front();
    if (word.starts_with('-'))
        return usage_error("unknown option " + word + "; put -- before a UID or BODY that begins with -");
    return usage_error("unexpected word \"" + word + "\"; put BODY in single quotes");
}

} // namespace

std::optional<int> parse_arguments(int argc, char **argv, Arguments &out)
{
    RawArguments raw;
    CLI::App app;
    app.set_help_flag(); // kHelpText replaces it
    CLI::Option *first = app.add_option("first", raw.first);
    CLI::Option *second = app.add_option("second", raw.second);
    // Otherwise the option of a vector consumes the words after its value, too.
    app.add_option("-k,--key", out.members)->allow_extra_args(false);
    app.add_flag("-l,--lines", raw.lines);
    app.add_flag("--all", out.to_all);
    CLI::Option *server = app.add_option("-s,--server", raw.server);
    CLI::Option *timeout = app.add_option("--timeout", raw.timeout);
    app.add_flag("-q,--quiet", out.quiet);
    app.add_flag("--json", out.json);
    app.add_flag("--version", raw.version);
    app.add_flag("-h,--help", raw.help);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ExtrasError &) {
        return extras_error(app);
    } catch (const CLI::ParseError &error) {
        return usage_error(error.what());
    }
    if (raw.help || raw.version) {
        std::fputs(raw.help ? kHelpText : kVersionText, stdout);
        return kExitOk;
    }
    for (const CLI::Option *option : {server, timeout})
        if (option->count() > 0 && option->as<std::string>().empty())
            return usage_error(option->get_name() + " is empty");
    raw.words = first->count() + second->count();
    return check_arguments(raw, out);
}

} // namespace wm
