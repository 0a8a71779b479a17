// wm-push: pushes a JSON message to the web pages of a user, over the inner
// port of a push server.
#include "shared/push_body.h"
#include "wm-push/arguments.h"
#include "wm-push/connection.h"
#include "wm-push/line_feed.h"
#include "wm-push/member_body.h"
#include "wm-push/report.h"
#include "wm-push/session.h"
#include "wm-push/whole_input.h"

#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

namespace wm {

namespace {

/// A program started without one of its standard descriptors would get the
/// socket in its place, and print answers into it.
bool open_standard_descriptors()
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            return false;
    return true;
}

/// People who type should know that they are listened to.
void greet_terminal(BodySource source)
{
    if (isatty(STDIN_FILENO) != 0)
        std::fprintf(stderr, "wm-push: reading %s from the terminal; Ctrl-D ends\n",
                     source == BodySource::kInputLines ? "lines" : "the body");
}

/// The line to push, of everything but -l.
bool make_line(const Arguments &arguments, const PushBody &body, std::string &line, Failure &failure)
{
    std::string text = arguments.body;
    if (arguments.source == BodySource::kMembers && !build_member_body(arguments.members, text, failure))
        return false;
    if (arguments.source == BodySource::kWholeInput) {
        greet_terminal(arguments.source);
        text.clear();
        if (!read_whole_input(text, failure))
            return false;
    }
    failure.code = kExitBadBody;
    return body.build(text, line, failure.text);
}

void push_one(const Arguments &arguments, const PushBody &body, Report &report)
{
    std::string line;
    Failure failure;
    if (!make_line(arguments, body, line, failure)) {
        report.add(PushResult::kBad, failure.text);
        report.end_with(failure);
        return;
    }
    Connection connection;
    if (!connection.connect(arguments.server, arguments.timeout, failure)) {
        report.add(PushResult::kLost, failure.text);
        report.end_with(failure);
        return;
    }
    Session session(connection, arguments.server.text, arguments.timeout, report);
    session.push(line);
    session.run(nullptr);
}

void push_lines(const Arguments &arguments, const PushBody &body, Report &report)
{
    // Connected before the first line: whoever follows a log learns at once that
    // nobody listens.
    Connection connection;
    Failure failure;
    if (connection.connect(arguments.server, arguments.timeout, failure)) {
        greet_terminal(arguments.source);
        LineFeed feed(body);
        Session(connection, arguments.server.text, arguments.timeout, report).run(&feed);
    } else {
        report.end_with(failure);
    }
    report.summarize();
}

} // namespace

} // namespace wm

int main(int argc, char **argv)
{
    // Writing to a pipe that nobody reads is an error code like others.
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
