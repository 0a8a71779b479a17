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
#include "wm-push/whole_input.h"

#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

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

/// Builds the line to push, unless -l is given.
bool make_line(const Arguments &arguments, const PushBody &body, std::string &line, Failure &failure)
{
    std::string text;
    if (!make_body(arguments, text, failure))
        return false;
    if (body.build(text, line, failure.text))
        return true;
    failure.code = kExitBadBody;
    if (arguments.source == BodySource::kArgument)
        failure.text = explain_body(arguments.uid, text, failure.text);
    else if (arguments.source == BodySource::kFile)
        failure.text = shell_word(arguments.body) + ": " + failure.text;
    else if (arguments.source != BodySource::kMembers)
        failure.text = explain_input(arguments.uid, text, failure.text);
    return false;
}

void push_one(const Arguments &arguments, const PushBody &body, Report &report)
{
    std::string line;
    Failure failure;
    if (!make_line(arguments, body, line, failure)) {
        report.add(PushResult::kBad, failure.text);
        report.fail(failure);
        return;
    }
    Connection connection;
    if (!dial(connection, arguments.server, arguments.timeout, failure)) {
        report.add(PushResult::kLost, failure.text);
        report.fail(failure);
        return;
    }
    Session session(connection, arguments.server, arguments.timeout, report);
    session.push(line);
    session.run(nullptr);
}

void push_lines(const Arguments &arguments, const PushBody &body, Report &report)
{
    // Connect before the first line arrives: with `tail -f`, a missing server is reported at once.
    Connection connection;
    Failure failure;
    if (dial(connection, arguments.server, arguments.timeout, failure)) {
        print_terminal_hint(arguments.source);
        LineFeed feed(body);
        Session(connection, arguments.server, arguments.timeout, report).run(&feed);
    } else {
        report.fail(failure);
    }
    report.summarize();
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
    wm::PushBody body = arguments.to_all ? wm::PushBody::to_all() : wm::PushBody::to_uid(arguments.uid);
    bool for_lines = arguments.source == wm::BodySource::kInputLines;
    wm::Report report(arguments.quiet, arguments.json, for_lines);
    if (for_lines)
        wm::push_lines(arguments, body, report);
    else
        wm::push_one(arguments, body, report);
    report.flush();
    return report.exit_code();
}
