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

/// The command line as it stands, before it is looked at as a whole.
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

/// What is wrong with the uid, or nothing.
std::optional<std::string> check_uid(const std::string &uid)
{
    if (uid.empty() || uid.size() > kMaxUidBytes)
        return "UID has " + std::to_string(uid.size()) + " bytes; it must have 1 to " + std::to_string(kMaxUidBytes);
    size_t good = utf8_valid_prefix(uid);
    if (good < uid.size())
        return "UID is not UTF-8 at byte offset " + std::to_string(good) + "; convert it to UTF-8";
    return std::nullopt;
}

/// Decides where the bodies come from, and whether the words on the line are
/// enough and not too many.
std::optional<int> settle_source(const RawArguments &raw, Arguments &out)
{
    size_t targets = out.to_all ? 0 : 1;
    if (raw.words < targets)
        return usage_error("UID is missing: whose pages get the message? (--all for every page)");
    if (raw.words > targets + 1)
        return usage_error("--all takes a BODY and no UID");
    bool has_body = raw.words == targets + 1;
    out.uid = out.to_all ? "" : raw.first;
    out.body = out.to_all ? raw.first : raw.second;
    if (raw.lines + !out.members.empty() + has_body > 1)
        return usage_error("BODY, -k and -l are three ways to say what to push; use one");
    if (raw.lines)
        out.source = BodySource::kInputLines;
    else if (!out.members.empty())
        out.source = BodySource::kMembers;
    else if (!has_body || out.body == "-")
        out.source = BodySource::kWholeInput;
    if (!has_body && out.source == BodySource::kWholeInput && isatty(STDIN_FILENO) != 0)
        return usage_error("BODY is missing: what to push? (- to type it, -l to type lines)");
    return std::nullopt;
}

std::optional<int> settle_server(const RawArguments &raw, Arguments &out)
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

std::optional<int> settle(const RawArguments &raw, Arguments &out)
{
    if (auto end = settle_source(raw, out))
        return end;
    if (auto wrong = check_uid(out.uid); wrong && !out.to_all)
        return usage_error(*wrong);
    if (!raw.timeout.empty() && !parse_duration(raw.timeout, false, out.timeout))
        return usage_error("--timeout " + raw.timeout + ": " + kDurationForm);
    return settle_server(raw, out);
}

/// A word too many, with the two mistakes behind it that shells make easy.
int extras_error(const CLI::App &app)
{
    std::string word = app.remaining().empty() ? "" : app.remaining().front();
    if (word.starts_with('-'))
        return usage_error("there is no option " + word + "; put -- before a UID or BODY that begins with -");
    return usage_error("\"" + word + "\" is a word too many; put BODY in single quotes");
}

} // namespace

std::optional<int> parse_arguments(int argc, char **argv, Arguments &out)
{
    RawArguments raw;
    CLI::App app;
    app.set_help_flag(); // the help text is ours, and is one screen
    CLI::Option *first = app.add_option("first", raw.first);
    CLI::Option *second = app.add_option("second", raw.second);
    // Without this, a vector's option also swallows the words behind its value.
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
    return settle(raw, out);
}

} // namespace wm
