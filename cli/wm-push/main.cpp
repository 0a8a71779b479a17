// wm-push: pushes a JSON message to the web pages of a user, through the inner port of a push server.
#include "shared/push_body.h"
#include "wm-push/arguments.h"
#include "wm-push/body_hint.h"
#include "wm-push/connection.h"
#include "wm-push/dial.h"
#include "wm-push/line_feed.h"
#include "wm-push/member_body.h"
#include "wm-push/report.h"
#include "wm-push/session.h"
#include "wm-push/shell_word.h"
#include "wm-push/verb_line.h"
#include "wm-push/whole_input.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <vector>

namespace wm {

namespace {

/// Opens missing standard descriptors on /dev/null. Otherwise the socket would take the place of one, and answers would be printed to it.
bool open_standard_descriptors()
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            return false;
    return true;
}

/// Tells a user at a terminal that the program reads standard input.
void print_terminal_hint(BodySource source)
{
    if (isatty(STDIN_FILENO) != 0)
        std::fprintf(stderr, "wm-push: reading %s from the terminal; Ctrl-D ends\n",
                     source == BodySource::kInputLines ? "lines" : "the body");
}

/// Reads or builds the body, unless -l is given.
bool make_body(const Arguments &arguments, std::string &body, Failure &failure)
{
    switch (arguments.source) {
    case BodySource::kMembers:
        return build_member_body(arguments.members, body, failure);
    case BodySource::kWholeInput:
        print_terminal_hint(arguments.source);
        return read_whole_input(arguments, body, failure);
    case BodySource::kFile:
    case BodySource::kInputInPlace:
        return read_whole_input(arguments, body, failure);
    case BodySource::kArgument:
    case BodySource::kInputLines:
        break;
    }
    body = arguments.body;
    return true;
}

/// What is wished for pages that read too slowly.
PushBody::Slow slow_of(const Arguments &arguments)
{
    if (!arguments.latest.empty())
        return PushBody::latest_of(arguments.latest);
    return arguments.slow.empty() ? PushBody::Slow() : arguments.slow == "close" ? PushBody::close_slow() : PushBody::drop_oldest();
}

/// What makes lines of bodies: one for each target.
std::vector<PushBody> targets_of(const Arguments &arguments)
{
    const PushBody::Slow slow = slow_of(arguments);
    if (!arguments.group.empty())
        return {PushBody::to_group(arguments.group, arguments.except, slow)};
    if (arguments.uids.empty())
        return {PushBody::to_all(slow)};
    std::vector<PushBody> targets;
    for (const std::string &uid : arguments.uids)
        targets.push_back(PushBody::to_uid(uid, slow));
    return targets;
}

/// Whether a body can be pushed to each target.
bool check_body(const Arguments &arguments, const std::vector<PushBody> &targets, const std::string &text, Failure &failure)
{
    std::string line;
    if (std::all_of(targets.begin(), targets.end(), [&](const PushBody &target) { return target.build(text, line, failure.text); }))
        return true;
    failure.code = kExitBadBody;
    if (arguments.source == BodySource::kArgument)
        failure.text = explain_body(arguments.target, text, failure.text);
    else if (arguments.source == BodySource::kFile)
        failure.text = shell_word(arguments.body) + ": " + failure.text;
    else if (arguments.source != BodySource::kMembers)
        failure.text = explain_input(arguments.target, text, failure.text);
    return false;
}

void report_failure(Report &report, PushResult result, const Failure &failure)
{
    report.add({result, failure.text});
    report.fail(failure);
}

/// Sends the lines line_of(0) to line_of(count - 1). Where there are several, each is for the uid of its number.
template <class LineOf> void send(const Arguments &arguments, size_t count, LineOf line_of, Report &report)
{
    Connection connection;
    Failure failure;
    if (!dial(connection, arguments.server, arguments.timeout, failure)) {
        report_failure(report, PushResult::kLost, failure);
        return;
    }
    auto uid_of = [&](size_t number) { return count > 1 ? arguments.uids[number] : ""; };
    Session session(connection, arguments.server, arguments.timeout, report);
    size_t next = 0;
    for (bool connected = true; next < count && connected; connected = session.run(nullptr))
        for (; next < count && session.has_room(); next++)
            session.push(line_of(next), uid_of(next));
    for (; next < count; next++)
        report.add({PushResult::kLost, "it was not sent, as the connection is lost", uid_of(next)});
}

void push_body(const Arguments &arguments, const std::vector<PushBody> &targets, Report &report)
{
    std::string text;
    Failure failure;
    if (!make_body(arguments, text, failure) || !check_body(arguments, targets, text, failure)) {
        report_failure(report, PushResult::kBad, failure);
        return;
    }
    auto line_of = [&](size_t number) {
        std::string line, error;
        targets[number].build(text, line, error); // as it has been checked
        return line;
    };
    send(arguments, targets.size(), line_of, report);
}

void push_lines(const Arguments &arguments, const PushBody &target, Report &report)
{
    // Connect before the first line arrives: with `tail -f`, a missing server is reported at once.
    Connection connection;
    Failure failure;
    if (dial(connection, arguments.server, arguments.timeout, failure)) {
        print_terminal_hint(arguments.source);
        LineFeed feed(target);
        Session(connection, arguments.server, arguments.timeout, report).run(&feed);
    } else {
        report.fail(failure);
    }
    report.summarize();
}

void run(const Arguments &arguments, Report &report)
{
    if (arguments.verb != Verb::kPush) {
        send(
            arguments, arguments.uids.size(), [&](size_t number) { return build_verb_line(arguments, arguments.uids[number]); }, report);
        return;
    }
    std::vector<PushBody> targets = targets_of(arguments);
    if (arguments.source == BodySource::kInputLines)
        push_lines(arguments, targets.front(), report);
    else
        push_body(arguments, targets, report);
}

} // namespace

} // namespace wm

int main(int argc, char **argv)
{
    // Writing to a closed pipe must fail with EPIPE, not end the process.
    std::signal(SIGPIPE, SIG_IGN);
    if (!wm::open_standard_descriptors())
        return wm::kExitUnreachable;
    wm::Arguments arguments;
    if (auto code = wm::parse_arguments(argc, argv, arguments))
        return *code;
    wm::Report report(arguments.quiet, arguments.json, arguments.source == wm::BodySource::kInputLines);
    wm::run(arguments, report);
    report.flush();
    return report.exit_code();
}
