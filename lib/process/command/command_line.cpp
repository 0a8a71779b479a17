#include "process/command/command_line.h"

#include "core/error.h"
#include "core/nearest.h"
#include "process/instance.h"
#include "process/report/connection_columns.h"
#include "proto/ascii.h"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace wm {

namespace {

struct VerbRow {
    Verb verb;
    const char *name;
};

constexpr VerbRow kVerbs[] = {
    {Verb::kStart, "start"},   {Verb::kStop, "stop"},     {Verb::kRestart, "restart"},
    {Verb::kReload, "reload"}, {Verb::kStatus, "status"}, {Verb::kConnections, "connections"},
    {Verb::kHelp, "help"},
};

constexpr unsigned bit(Verb verb)
{
    return 1u << static_cast<unsigned>(verb);
}

constexpr unsigned kAll = ~0u;

struct FlagRow {
    const char *name;
    char letter; // 0: none
    unsigned verbs;
    bool CommandLine::*mark;         // set by a flag without a value
    std::string CommandLine::*value; // where the value of another goes
    const char *form;                // the placeholder of the value
};

constexpr FlagRow kFlags[] = {
    {"--daemon", 'd', bit(Verb::kStart) | bit(Verb::kRestart) | bit(Verb::kStatus), &CommandLine::daemon, nullptr, nullptr},
    {"--graceful", 'g', bit(Verb::kStop) | bit(Verb::kRestart) | bit(Verb::kReload), &CommandLine::graceful, nullptr, nullptr},
    {"--quiet", 'q', kAll, &CommandLine::quiet, nullptr, nullptr},
    {"--help", 'h', kAll, nullptr, nullptr, nullptr},
    {"--json", 0, bit(Verb::kStatus) | bit(Verb::kConnections), &CommandLine::json, nullptr, nullptr},
    {"--name", 0, kAll, nullptr, &CommandLine::name, "NAME"},
    {"--worker", 0, bit(Verb::kConnections), nullptr, &CommandLine::worker, "NAME"},
    {"--uid", 0, bit(Verb::kConnections), nullptr, &CommandLine::uid, "UID"},
    {"--sort", 0, bit(Verb::kConnections), nullptr, &CommandLine::sort, "COLUMN"},
};

constexpr size_t kMaxQuoted = 100; // so that the hint behind it fits into a detail

/// A word of the user's in a message: on one line, whatever it holds.
std::string quoted(std::string_view word)
{
    std::string out = "'";
    for (char c : word.substr(0, kMaxQuoted))
        out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    return out + (word.size() > kMaxQuoted ? "...'" : "'");
}

/// "a, b and c"
template <class Names> std::string listed(const Names &names)
{
    std::string out;
    for (size_t i = 0; i < std::size(names); i++)
        out += (i == 0 ? "" : i + 1 == std::size(names) ? " and " : ", ") + std::string(names[i]);
    return out;
}

/// ": did you mean 'status'?", or all names where none is near.
template <size_t N> std::string hint(std::string_view word, const char *const (&names)[N])
{
    const char *near = nearest(word, names, N);
    return near ? ": did you mean " + quoted(near) + "?" : ": there are " + listed(names);
}

int usage_error(const std::string &text)
{
    return fail(WM_EINVAL, "%s", text.c_str());
}

int verb_error(std::string_view word)
{
    const char *names[std::size(kVerbs)];
    std::transform(std::begin(kVerbs), std::end(kVerbs), names, [](const VerbRow &row) { return row.name; });
    return usage_error("unknown command " + quoted(word) + hint(word, names));
}

int flag_error(std::string_view word)
{
    const char *names[std::size(kFlags)];
    std::transform(std::begin(kFlags), std::end(kFlags), names, [](const FlagRow &row) { return row.name; });
    return usage_error("unknown flag " + quoted(word) + hint(word, names));
}

const FlagRow *find_long(std::string_view name)
{
    const FlagRow *row = std::find_if(std::begin(kFlags), std::end(kFlags), [name](const FlagRow &flag) { return flag.name == name; });
    return row == std::end(kFlags) ? nullptr : row;
}

const FlagRow *find_short(char letter)
{
    const FlagRow *row =
        std::find_if(std::begin(kFlags), std::end(kFlags), [letter](const FlagRow &flag) { return letter != 0 && flag.letter == letter; });
    return row == std::end(kFlags) ? nullptr : row;
}

/// One pass over the words, then checks of the whole, as flags may precede the verb. Each step returns 0, or
/// a code with its detail.
class Reader {
public:
    Reader(CommandLine &line, int argc, const char *const *argv) : line_(line), argc_(argc), argv_(argv) {}

    int read()
    {
        for (at_ = 1; at_ < argc_; at_++) {
            std::string_view word = argv_[at_];
            int result = word.starts_with("--")                     ? read_long(word)
                         : word.starts_with('-') && word.size() > 1 ? read_short(word)
                                                                    : read_verb(word);
            if (result != 0)
                return result;
        }
        if (help_)
            line_.verb = Verb::kHelp;
        return check_flags();
    }

private:
    int read_verb(std::string_view word)
    {
        const VerbRow *row = std::find_if(std::begin(kVerbs), std::end(kVerbs), [word](const VerbRow &verb) { return verb.name == word; });
        if (row == std::end(kVerbs))
            return verb_error(word);
        if (row->verb == Verb::kHelp) {
            help_ = true;
            return 0;
        }
        if (line_.verb != Verb::kNone)
            return usage_error(quoted(word) + " is a second command after " + quoted(verb_name(line_.verb)) + ": one at a time");
        line_.verb = row->verb;
        return 0;
    }

    int read_long(std::string_view word)
    {
        size_t equals = word.find('=');
        std::string_view name = word.substr(0, equals);
        const FlagRow *row = find_long(name);
        if (row == nullptr)
            return flag_error(name);
        if (row->value == nullptr)
            return equals == std::string_view::npos ? mark(*row, name)
                                                    : usage_error(quoted(name) + " takes no value: " + std::string(name) + " alone");
        if (equals != std::string_view::npos)
            return take_value(*row, word.substr(equals + 1));
        if (at_ + 1 == argc_)
            return usage_error(no_value(*row));
        std::string_view value = argv_[++at_];
        if (value.starts_with('-'))
            return usage_error(no_value(*row) + ", but " + quoted(value) + " follows; a value with '-' in front is written " + row->name +
                               "=" + row->form);
        return take_value(*row, value);
    }

    int read_short(std::string_view word)
    {
        for (char letter : word.substr(1)) {
            const FlagRow *row = find_short(letter);
            if (row == nullptr)
                return short_error(word, letter);
            mark(*row, std::string{'-', letter});
        }
        return 0;
    }

    static int short_error(std::string_view word, char letter)
    {
        std::string with_two = "-" + std::string(word.substr(0, word.find('=')));
        if (word.size() > 2 && find_long(with_two) != nullptr)
            return usage_error("unknown flag " + quoted(word) + ": did you mean " + quoted(with_two) + "?");
        std::string flag = quoted(std::string{'-', letter});
        // No letter is nearer than another, so all are named. A byte of a longer character is not shown by
        // itself.
        return usage_error("unknown flag " +
                           (word.size() > 2 ? (ascii::is(letter, ascii::kAlpha) ? flag + " in " : "") + quoted(word) : flag) +
                           ": of one letter there are -d, -g, -q and -h");
    }

    int mark(const FlagRow &row, std::string_view given)
    {
        if (row.mark != nullptr)
            line_.*row.mark = true;
        else
            help_ = true;
        given_[&row - kFlags] = given;
        return 0;
    }

    static std::string no_value(const FlagRow &row) { return quoted(row.name) + " needs a value: " + row.name + " " + row.form; }

    int take_value(const FlagRow &row, std::string_view value)
    {
        if (value.empty())
            return usage_error(no_value(row));
        std::string &given = given_[&row - kFlags];
        if (!given.empty())
            return usage_error(quoted(row.name) + " is given twice: one value at a time");
        given = row.name;
        std::string &field = line_.*row.value;
        field = value;
        if (row.value == &CommandLine::name && !is_app_name(field))
            return usage_error(quoted(row.name) + ": " + quoted(value) +
                               " is no name: 1-64 of A-Z a-z 0-9 . _ - that do not begin with '.' or '-'");
        if (value.find('\n') != std::string_view::npos) // which separates the words of a request
            return usage_error(quoted(row.name) + ": " + quoted(value) + " has a line break");
        if (row.value == &CommandLine::sort) {
            std::transform(field.begin(), field.end(), field.begin(), ascii::lower);
            if (!is_sort_column(field))
                return usage_error(quoted(row.name) + ": unknown column " + quoted(value) + hint(value, kConnectionSorts));
        }
        return 0;
    }

    int check_flags() const
    {
        if (line_.verb == Verb::kNone || line_.verb == Verb::kHelp)
            return 0;
        for (const FlagRow &row : kFlags)
            if (!given_[&row - kFlags].empty() && (row.verbs & bit(line_.verb)) == 0)
                return usage_error(quoted(verb_name(line_.verb)) + " takes no " + quoted(given_[&row - kFlags]) + ": it belongs to " +
                                   owners(row));
        if (line_.verb == Verb::kStatus && line_.daemon && line_.json)
            return usage_error("'status' takes '-d' or '--json', not both: '-d' fills a screen again and again, '--json' is one document");
        return 0;
    }

    static std::string owners(const FlagRow &row)
    {
        const char *names[std::size(kVerbs)] = {};
        size_t count = 0;
        for (const VerbRow &verb : kVerbs)
            if ((row.verbs & bit(verb.verb)) != 0)
                names[count++] = verb.name;
        return listed(std::basic_string_view<const char *>(names, count));
    }

    CommandLine &line_;
    int argc_;
    const char *const *argv_;
    int at_ = 1;
    bool help_ = false;
    std::string given_[std::size(kFlags)]; // as the user spelled it
};

} // namespace

int CommandLine::parse(int argc, const char *const *argv)
{
    *this = CommandLine{};
    return Reader(*this, argc, argv).read();
}

bool is_sort_column(const std::string &name)
{
    return std::find(std::begin(kConnectionSorts), std::end(kConnectionSorts), name) != std::end(kConnectionSorts);
}

const char *verb_name(Verb verb)
{
    const VerbRow *row = std::find_if(std::begin(kVerbs), std::end(kVerbs), [verb](const VerbRow &each) { return each.verb == verb; });
    return row == std::end(kVerbs) ? "" : row->name;
}

std::string usage(const std::string &program)
{
    std::string name = program.substr(program.rfind('/') + 1);
    if (name.size() > 50)
        name = name.substr(0, 47) + "...";
    return "usage: " + (name.empty() ? "PROGRAM" : name) + " COMMAND [FLAGS]\n" + R"(
commands:
  start            serves, in the foreground; with -d in the background
  stop             ends the processes; with -g when their clients have left
  restart          stop and start, with the flags given here
  reload           replaces the processes one after another
  status           processes with memory, connections and requests
  connections      a line for each connection

flags:
  -d, --daemon     start, restart: in the background; status: every second
  -g, --graceful   stop, restart, reload: waits until connections have ended
  -q, --quiet      prints errors only
  -h, --help       this text
  --json           status, connections: one JSON document
  --name NAME      which app: 1-64 of A-Z a-z 0-9 . _ - (default: its own)
  --worker NAME    connections: those of workers with this name
  --uid UID        connections: those that a hub knows by this uid
  --sort COLUMN    connections: pid, worker, cid, trans, protocol, ipv4, ipv6,
                   recv-q, send-q, bytes-r, bytes-w, status, local, foreign
                   or uid

exit codes: 0 done, 1 failed, 2 usage, 3 not running, 4 already running
)";
}

} // namespace wm
