#include "wm-push/arguments.h"

#include "shared/command_line_error.h"
#include "shared/duration.h"
#include "shared/inner_proof.h"
#include "shared/print_text.h"
#include "wm-push/exit_code.h"
#include "wm-push/shell_word.h"
#include "wm-push/usage.h"
#include "wm-push/words.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <unistd.h>

namespace wm {

namespace {

constexpr const char *kDefaultServer = "127.0.0.1:5678";

/// The words and flags of the command line, before they are checked against each other.
struct RawArguments {
    Words given;
    bool help = false;
    bool version = false;
    std::string server;
    std::string secret_file;
    std::string timeout;
};

/// What other tools call it, and what to type here.
struct OtherName {
    std::string_view flag;
    std::string_view advice;
};
constexpr std::string_view kUidAdvice = "UID is the first word: type wm-push UID BODY";
constexpr std::string_view kBodyAdvice = "BODY is the word behind UID: type wm-push UID BODY";
constexpr std::string_view kServerAdvice = "type --server HOST:PORT";
constexpr std::string_view kFileAdvice = "for what is in a file, type wm-push UID @FILE";
constexpr std::array<OtherName, 13> kOtherNames{{
    {"--uid", kUidAdvice},
    {"-u", kUidAdvice},
    {"--user", kUidAdvice},
    {"--body", kBodyAdvice},
    {"--data", kBodyAdvice},
    {"-d", kBodyAdvice},
    {"--message", kBodyAdvice},
    {"-m", kBodyAdvice},
    {"--host", kServerAdvice},
    {"--port", kServerAdvice},
    {"-p", kServerAdvice},
    {"--file", kFileAdvice},
    {"-f", kFileAdvice},
}};

int usage_error(const std::string &text, const char *usage = kTryHelpText)
{
    std::fprintf(stderr, "wm-push: %s\n%s", text.c_str(), usage);
    return kExitUsage;
}

/// The error for a flag that does not exist.
std::string unknown_flag_error(const CLI::App &app, const std::string &word)
{
    std::string flag = word.substr(0, word.find('='));
    for (const OtherName &other : kOtherNames)
        if (flag == other.flag)
            return "unknown flag '" + flag + "'; " + std::string(other.advice);
    std::string text = describe_unknown_flag(app, word);
    return text.ends_with('?') ? text : text + "; put -- before a UID or BODY that begins with -";
}

BodySource choose_source(const Words &given)
{
    if (given.lines)
        return BodySource::kInputLines;
    if (!given.members.empty())
        return BodySource::kMembers;
    if (!given.has_body())
        return BodySource::kInputInPlace;
    if (given.body() == "-" || given.body() == "@-")
        return BodySource::kWholeInput;
    return given.body().starts_with('@') ? BodySource::kFile : BodySource::kArgument;
}

/// A flag, or the variable in place of it.
struct Choice {
    std::string name;
    std::string value; ///< empty: neither is given
};

Choice choose(const char *flag, const std::string &given, const char *variable)
{
    const char *value = std::getenv(variable);
    return given.empty() && value != nullptr ? Choice{variable, value} : Choice{flag, given};
}

std::optional<int> choose_server(const RawArguments &raw, Arguments &out)
{
    Choice server = choose("--server", raw.server, "WM_PUSH_SERVER");
    Choice secret = choose("--secret-file", raw.secret_file, "WM_PUSH_SECRET_FILE");
    std::string error;
    if (!parse_server_address(server.value.empty() ? kDefaultServer : server.value, out.server.address, error))
        return usage_error(server.name + " " + shell_word(server.value) + ": " + error);
    if (!secret.value.empty())
        error = read_inner_secret(secret.value, out.server.secret);
    return error.empty() ? std::nullopt : std::optional(usage_error(secret.name + " " + shell_word(secret.value) + ": " + error));
}

/// A word that is missing may have become the value of --server.
std::string describe_taken_word(const RawArguments &raw)
{
    bool address = raw.server.empty() || raw.server.find_first_of(".:/") != std::string::npos;
    return address ? "" : " (--server has taken " + shell_word(raw.server) + " as its value)";
}

std::optional<int> check_arguments(const RawArguments &raw, Arguments &out)
{
    if (auto error = find_word_error(raw.given))
        return error->needs_usage ? usage_error(error->text + describe_taken_word(raw), kUsageText) : usage_error(error->text);
    out.source = choose_source(raw.given);
    out.to_all = raw.given.to_all;
    out.uid = raw.given.uid();
    out.members = raw.given.members;
    out.body = raw.given.body();
    if (out.source == BodySource::kFile && out.body.erase(0, 1).empty())
        return usage_error("BODY is @ without a file name; type @FILE");
    out.timeout_given = !raw.timeout.empty();
    if (out.timeout_given && !parse_duration(raw.timeout, false, out.timeout))
        return usage_error("--timeout " + shell_word(raw.timeout) + ": " + duration_error(raw.timeout));
    return choose_server(raw, out);
}

} // namespace

std::optional<int> parse_arguments(int argc, char **argv, Arguments &out)
{
    RawArguments raw;
    CLI::App app;
    app.set_help_flag(); // kHelpText replaces it
    // A vector would split [1,2]: only the words that are too many are in one.
    std::string first;
    std::string second;
    std::vector<std::string> others;
    const CLI::Option *uid = app.add_option("first", first);
    const CLI::Option *body = app.add_option("second", second);
    app.add_option("others", others);
    // Otherwise the option of a vector consumes the words after its value, too.
    app.add_option("-k,--key", raw.given.members)->allow_extra_args(false)->type_name("NAME=TEXT");
    app.add_flag("-l,--lines", raw.given.lines);
    app.add_flag("-n,--no-input", raw.given.no_input);
    app.add_flag("--all", raw.given.to_all);
    CLI::Option *server = app.add_option("-s,--server", raw.server)->type_name("HOST:PORT");
    CLI::Option *secret = app.add_option("--secret-file", raw.secret_file)->type_name("FILE");
    CLI::Option *timeout = app.add_option("--timeout", raw.timeout)->type_name("TIME");
    app.add_flag("-q,--quiet", out.quiet);
    app.add_flag("--json", out.json);
    app.add_flag("--version", raw.version);
    app.add_flag("-h,--help", raw.help);
    refuse_flags_as_values(app);
    if (std::string error = find_single_dash(app, argc, argv); !error.empty())
        return usage_error(error);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ExtrasError &) {
        return usage_error(unknown_flag_error(app, app.remaining().empty() ? "" : app.remaining().front()));
    } catch (const CLI::ParseError &error) {
        return usage_error(describe_command_line(app, error));
    }
    if (raw.help || raw.version)
        return print_text("wm-push", raw.help ? kHelpText : kVersionText) ? kExitOk : kExitOutput;
    for (const CLI::Option *option : {server, secret, timeout})
        if (option->count() > 0 && option->as<std::string>().empty())
            return usage_error(option->get_name() + " is empty; type " + option->get_name() + " " + option->get_type_name());
    if (uid->count() > 0)
        raw.given.words.push_back(first);
    if (body->count() > 0)
        raw.given.words.push_back(second);
    raw.given.words.insert(raw.given.words.end(), others.begin(), others.end());
    raw.given.typed_at_terminal = isatty(STDIN_FILENO) != 0;
    return check_arguments(raw, out);
}

} // namespace wm
