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
constexpr std::string_view kUidAdvice = "UID is the first word, or that of --uid: type wm-push UID BODY";
constexpr std::string_view kBodyAdvice = "BODY is the word behind UID: type wm-push UID BODY";
constexpr std::string_view kServerAdvice = "type --server HOST:PORT";
constexpr std::string_view kFileAdvice = "for what is in a file, type wm-push UID @FILE";
constexpr std::array<OtherName, 12> kOtherNames{{
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
    out.verb = raw.given.verb;
    out.uids = raw.given.all_uids();
    out.group = raw.given.group;
    out.except = raw.given.except.value_or("");
    out.code = raw.given.code.value_or("");
    out.reason = raw.given.reason.value_or("");
    out.latest = raw.given.latest.value_or("");
    out.slow = raw.given.slow.value_or("");
    out.target = raw.given.target();
    out.source = choose_source(raw.given);
    out.members = raw.given.members;
    out.body = raw.given.body();
    if (out.source == BodySource::kFile && out.body.erase(0, 1).empty())
        return usage_error("BODY is @ without a file name; type @FILE");
    out.timeout_given = !raw.timeout.empty();
    if (out.timeout_given && !parse_duration(raw.timeout, {}, out.timeout))
        return usage_error("--timeout " + shell_word(raw.timeout) + ": " + duration_error(raw.timeout, {}));
    return choose_server(raw, out);
}

/// The error for a UID that has been split, as it stands where there may be any number of words: it would be taken as several.
std::string split_uid_error(int argc, char **argv, const Words &given)
{
    std::vector<std::string> whole = given.uids;
    whole.insert(whole.end(), {given.words[0], given.words[1], given.group, given.reason.value_or("")});
    for (int i = 1; i < argc; i++)
        if (std::string word = argv[i]; word.starts_with('[') && word.ends_with(']') && std::count(whole.begin(), whole.end(), word) == 0)
            return "a UID in brackets needs its flag; type --uid " + shell_word(word);
    return "";
}

/// Adds the flags that say what is asked for, and of whom.
void add_target_flags(CLI::App &app, Words &given)
{
    auto add_uid = [&given](const std::string &uid) { given.uids.push_back(uid); };
    app.add_option_function<std::string>("--uid", add_uid)->trigger_on_parse()->take_last()->type_name("UID");
    auto choose = [&given](const char *flag, Verb verb) {
        given.choices.emplace_back(flag);
        given.verb = verb;
    };
    for (const char *flag : {"--all", "--online", "--kick"}) {
        Verb verb = flag[2] == 'a' ? Verb::kPush : flag[2] == 'o' ? Verb::kOnline : Verb::kKick;
        app.add_flag_callback(flag, [choose, flag, verb] { choose(flag, verb); });
    }
    for (const char *flag : {"--group", "--join", "--leave"}) {
        Verb verb = flag[2] == 'g' ? Verb::kPush : flag[2] == 'j' ? Verb::kJoin : Verb::kLeave;
        auto take = [choose, flag, verb, &given](const std::string &group) {
            choose(flag, verb);
            given.group = group;
        };
        app.add_option_function<std::string>(flag, take)->type_name("GROUP");
    }
    app.add_option("--except", given.except)->type_name("UID");
    app.add_option("--code", given.code)->type_name("N");
    app.add_option("--reason", given.reason)->type_name("TEXT");
    app.add_option("--latest", given.latest)->type_name("KEY");
    app.add_option("--slow", given.slow)->type_name("HOW");
}

} // namespace

std::optional<int> parse_arguments(int argc, char **argv, Arguments &out)
{
    RawArguments raw;
    CLI::App app;
    app.set_help_flag(); // kHelpText replaces it
    // A vector would split [1,2]: only the words that are too many are in one, and UIDs behind the second.
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
    add_target_flags(app, raw.given);
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
    bool are_uids = raw.given.verb != Verb::kPush && !others.empty();
    if (std::string error = are_uids ? split_uid_error(argc, argv, raw.given) : ""; !error.empty())
        return usage_error(error);
    raw.given.typed_at_terminal = isatty(STDIN_FILENO) != 0;
    return check_arguments(raw, out);
}

} // namespace wm
