/**
 * @file
 * The flags.
 */
#include "options.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace hub_load {

namespace {

constexpr const char *kHelp = R"(hub_load: loads a push server while its processes come and go, and judges each of its answers

  hub_load --pages-at ws://HOST:PORT --lines-at text://HOST:PORT [options]

The server runs with --text-ping ping=pong. The first line of standard output is "open", once all pages are; the load begins then, and ends
with standard input. Each line of that, "kill PID", tells of a process that is killed now; "fault TEXT" of a machine, a network or an engine that
fails from now on, and "healed" of its end. The last line is the result in JSON. Several machines have --pages-at and --lines-at several times.

  --pages N          pages (400)                       --uids N      uids that they have in turn (200)
  --back-ends N      connections that stay (4)         --rate N      pushes a second over these (25)
  --window N         unanswered pushes that each of these keeps, in place of --rate
  --fresh N          connections a second that send one push each (25)
  --broadcast-ms N   time between broadcasts (1000); 0: none
  --pad BYTES        most bytes of ballast in a push (200)
  --seconds N        ends by itself, and does not read standard input
  --kills            processes are killed: what a kill explains is no violation
  --faults           the same for faults; the pushes must be well again at the end
  --hang-ms N        an answer that takes longer is missing (30000)
  --quiet-ms N       a server that drains may end a connection that says nothing for so long (250)
  --seed N           of the choice of uids (1)

Exit: 0 no violation, 1 violations, 2 usage or no descriptors.
)";

[[noreturn]] void usage_error(const std::string &text)
{
    fprintf(stderr, "hub_load: %s (see hub_load --help)\n", text.c_str());
    exit(2);
}

template <class Number> void set_number(Number &out, std::string_view flag, std::string_view text)
{
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc() || end != text.data() + text.size())
        usage_error(std::string(flag) + ": not a number: " + std::string(text));
}

uint32_t *number_of(Options &options, std::string_view flag)
{
    const struct {
        std::string_view name;
        uint32_t *value;
    } rows[] = {
        {"--pages", &options.pages},
        {"--uids", &options.uids},
        {"--back-ends", &options.back_ends},
        {"--rate", &options.rate},
        {"--window", &options.window},
        {"--fresh", &options.fresh},
        {"--broadcast-ms", &options.broadcast_ms},
        {"--pad", &options.pad},
        {"--seconds", &options.seconds},
        {"--hang-ms", &options.hang_ms},
        {"--quiet-ms", &options.quiet_ms},
    };
    for (const auto &row : rows)
        if (row.name == flag)
            return row.value;
    return nullptr;
}

void check(const Options &options)
{
    if (options.pages_at.empty() || options.lines_at.empty())
        usage_error("--pages-at and --lines-at are needed");
    if (options.pages == 0 || options.uids == 0 || options.uids > options.pages)
        usage_error("--pages and --uids are at least 1, and there are not more uids than pages");
    if (options.pages / options.uids >= 16)
        usage_error("a uid has at most 16 connections: --uids is more than a sixteenth of --pages");
    if (options.back_ends == 0)
        usage_error("--back-ends is at least 1");
}

} // namespace

Options parse_options(int argc, char **argv)
{
    Options options;
    for (int at = 1; at < argc; at++) {
        std::string_view flag = argv[at];
        if (flag == "--help") {
            fputs(kHelp, stdout);
            exit(0);
        }
        if (flag == "--kills" || flag == "--faults") {
            (flag == "--kills" ? options.kills : options.faults) = true;
            continue;
        }
        if (at + 1 == argc)
            usage_error(std::string(flag) + ": no such flag, or no value behind it");
        std::string_view value = argv[++at];
        if (flag == "--pages-at")
            options.pages_at.emplace_back(value);
        else if (flag == "--lines-at")
            options.lines_at.emplace_back(value);
        else if (flag == "--seed")
            set_number(options.seed, flag, value);
        else if (uint32_t *number = number_of(options, flag))
            set_number(*number, flag, value);
        else
            usage_error(std::string(flag) + ": no such flag");
    }
    check(options);
    return options;
}

} // namespace hub_load
