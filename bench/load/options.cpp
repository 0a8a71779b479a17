#include "options.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string_view>

namespace wm::load {
namespace {

constexpr const char *kHelp =
    "wm-load: loads a server, checks every byte of its answers, and measures its cost per message\n"
    "\n"
    "  wm-load echo|text|frame|udp|ws|http HOST:PORT [options]\n"
    "  wm-load push|broadcast --ws HOST:PORT --inner HOST:PORT [options]\n"
    "  wm-load churn --ws HOST:PORT [options]\n"
    "  wm-load handshakes HOST:PORT --tls (--tls-ca FILE | --tls-insecure) [--resume] [options]\n"
    "  wm-load idle --ws HOST:PORT --server-pid PID [options]\n"
    "\n"
    "  -c COUNT              connections; push, broadcast, idle: pages; churn, handshakes: connections at a time (default: 50)\n"
    "  -p DEPTH              messages that a connection sends in one write (udp: datagrams) before it waits for their answers (default: "
    "1)\n"
    "  -n COUNT | -d SECONDS messages over all connections, or time (default: 3 s); a tenth comes first as a warm-up; push,\n"
    "                        broadcast: lines; churn: connect, handshake, uid, close;\n"
    "                        handshakes: connect, TLS handshake, one http request, close\n"
    "  --rate N              send N messages a second over all connections, whether answers come or not; latency counts from when\n"
    "                        a message was due; -p must be 1\n"
    "  -s BYTES              payload; push: line without its line break; broadcast: what a page gets (default: 64)\n"
    "  --server-pid PID      also measure the processor time per message of this process; commas separate several\n"
    "  --json                the report as one JSON object\n"
    "  --timeout SECONDS     give up after this time without an answer (default: 10)\n"
    "  --max-batch BYTES     refuse batches of -p times -s above this (default: 16384)\n"
    "  --binary              ws: binary messages\n"
    "  --body TEXT           http, handshakes: the expected body (default: Hello, world!)\n"
    "  --body-file FILE      http: what is in the expected body\n"
    "  --path PATH           http, --events: what is asked for (default: /)\n"
    "  --targets COUNT       http: this many different targets in turn; a server may cache what it parsed (default: 1)\n"
    "  --inner-connections N push, broadcast: connections that send lines (default: 4)\n"
    "  --miss-every N        push: every N-th line is for an unknown uid and must be answered fail (default: 0, none)\n"
    "  --bare-line           broadcast: lines without {\"wm\":...} around the value, for servers that send the line itself\n"
    "  --events              broadcast: the pages are listeners of server-sent events at --path; the server ends their streams once the\n"
    "                        connections that send lines have closed\n"
    "  --hold SECONDS        idle: keep the pages this long, answer pings, measure again (default: 0)\n"
    "  --limit BYTES         idle: exit with 1 if a page needs more memory\n"
    "  --tls                 TLS on the connections; on those of the pages, not on inner ones\n"
    "  --tls-ca FILE         certificates that the server's must be signed by\n"
    "  --tls-insecure        any certificate will do\n"
    "  --tls-name NAME       the name to send, and to expect in the certificate (default: localhost)\n"
    "  --tls-version 1.2|1.3 this version only (default: the best of both sides)\n"
    "  --tls-cipher NAME     OpenSSL's name: TLS_AES_128_GCM_SHA256 for 1.3, ECDHE-ECDSA-AES128-GCM-SHA256 for 1.2 (default: its list)\n"
    "  --resume              handshakes: each resumes the newest session that the server gave; not to be resumed is a fault\n"
    "\n"
    "Exit: 0 all answers correct, 1 wrong or missing answers, 2 usage.\n";

constexpr std::array<const char *, 11> kModes{"echo", "text",      "frame", "udp",  "ws",        "http",
                                              "push", "broadcast", "churn", "idle", "handshakes"};

[[noreturn]] void usage_error(const std::string &text)
{
    std::fprintf(stderr, "wm-load: %s (see wm-load --help)\n", text.c_str());
    std::exit(2);
}

unsigned bit(Mode mode)
{
    return 1U << static_cast<unsigned>(mode);
}

template <class Number> Number to_number(std::string_view flag, std::string_view text, Number min, Number max)
{
    Number value{};
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < min || value > max)
        usage_error(std::string(flag) + ": not a number in its range: " + std::string(text));
    return value;
}

Address to_address(std::string_view flag, std::string_view text)
{
    Address address;
    if (!parse_address(text, &address))
        usage_error(std::string(flag) + ": not HOST:PORT with a numeric IPv4 or [IPv6]: " + std::string(text));
    return address;
}

std::string read_file(std::string_view flag, std::string_view path)
{
    std::ifstream file{std::string(path), std::ios::binary};
    std::ostringstream content;
    if (!file || !(content << file.rdbuf()))
        usage_error(std::string(flag) + ": cannot be read: " + std::string(path));
    return content.str();
}

std::vector<int> to_pids(std::string_view text)
{
    std::vector<int> pids;
    while (!text.empty()) {
        size_t comma = text.find(',');
        pids.push_back(to_number<int>("--server-pid", text.substr(0, comma), 1, 1 << 30));
        text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    }
    return pids;
}

/// An option with its value and the modes that use it.
struct Flag {
    std::string_view name;
    unsigned modes;
    void (*apply)(Options &options, std::string_view text);
};

const unsigned kAnswers = bit(Mode::kEcho) | bit(Mode::kText) | bit(Mode::kFrame) | bit(Mode::kUdp) | bit(Mode::kWs) | bit(Mode::kHttp);
const unsigned kLines = bit(Mode::kPush) | bit(Mode::kBroadcast);
const unsigned kPages = kLines | bit(Mode::kChurn) | bit(Mode::kIdle);
const unsigned kAll = kAnswers | kPages | bit(Mode::kHandshakes);
const unsigned kLoads = kAnswers | kLines;
const unsigned kSpans = kLoads | bit(Mode::kChurn) | bit(Mode::kHandshakes);

const std::array kFlags{
    Flag{"--ws", kPages, [](Options &o, std::string_view t) { o.target = to_address("--ws", t); }},
    Flag{"--inner", kLines, [](Options &o, std::string_view t) { o.inner = to_address("--inner", t); }},
    Flag{"-c", kAll, [](Options &o, std::string_view t) { o.connections = to_number<uint32_t>("-c", t, 1, 100000); }},
    Flag{"-p", kLoads, [](Options &o, std::string_view t) { o.pipeline = to_number<uint32_t>("-p", t, 1, 65536); }},
    Flag{"-n", kSpans, [](Options &o, std::string_view t) { o.messages = to_number<uint64_t>("-n", t, 1, 1ULL << 32); }},
    Flag{"-d", kSpans, [](Options &o, std::string_view t) { o.seconds = to_number<double>("-d", t, 0.01, 3600); }},
    Flag{"--rate", kLoads, [](Options &o, std::string_view t) { o.rate = to_number<double>("--rate", t, 1, 1e7); }},
    Flag{"-s", kLoads & ~bit(Mode::kHttp), [](Options &o, std::string_view t) { o.size = to_number<size_t>("-s", t, 16, 1 << 24); }},
    Flag{"--server-pid", kAll, [](Options &o, std::string_view t) { o.server_pids = to_pids(t); }},
    Flag{"--timeout", kAll, [](Options &o, std::string_view t) { o.timeout_seconds = to_number<uint32_t>("--timeout", t, 1, 600); }},
    Flag{"--max-batch", kLoads, [](Options &o, std::string_view t) { o.max_batch = to_number<size_t>("--max-batch", t, 1, 1 << 26); }},
    Flag{"--body", bit(Mode::kHttp) | bit(Mode::kHandshakes), [](Options &o, std::string_view t) { o.body = std::string(t); }},
    Flag{"--body-file", bit(Mode::kHttp), [](Options &o, std::string_view t) { o.body = read_file("--body-file", t); }},
    Flag{"--path", bit(Mode::kHttp) | bit(Mode::kBroadcast), [](Options &o, std::string_view t) { o.path = std::string(t); }},
    Flag{"--targets", bit(Mode::kHttp),
         [](Options &o, std::string_view t) { o.targets = to_number<uint32_t>("--targets", t, 1, 9999999); }},
    Flag{"--inner-connections", kLines,
         [](Options &o, std::string_view t) { o.inner_connections = to_number<uint32_t>("--inner-connections", t, 1, 1000); }},
    Flag{"--miss-every", bit(Mode::kPush),
         [](Options &o, std::string_view t) { o.miss_every = to_number<uint32_t>("--miss-every", t, 0, 1 << 30); }},
    Flag{"--tls-ca", kAll, [](Options &o, std::string_view t) { o.tls_options.ca_file = std::string(t); }},
    Flag{"--tls-name", kAll, [](Options &o, std::string_view t) { o.tls_options.name = std::string(t); }},
    Flag{"--tls-version", kAll, [](Options &o, std::string_view t) { o.tls_options.version = std::string(t); }},
    Flag{"--tls-cipher", kAll, [](Options &o, std::string_view t) { o.tls_options.cipher = std::string(t); }},
    Flag{"--hold", bit(Mode::kIdle), [](Options &o, std::string_view t) { o.hold_seconds = to_number<uint32_t>("--hold", t, 0, 86400); }},
    Flag{"--limit", bit(Mode::kIdle), [](Options &o, std::string_view t) { o.limit = to_number<uint64_t>("--limit", t, 0, 1 << 30); }},
};

Mode to_mode(std::string_view text)
{
    for (size_t i = 0; i < kModes.size(); i++)
        if (text == kModes[i])
            return static_cast<Mode>(i);
    usage_error("unknown mode: " + std::string(text));
}

void apply_flag(Options &options, std::string_view name, const char *value)
{
    for (const Flag &flag : kFlags) {
        if (flag.name != name)
            continue;
        if ((flag.modes & bit(options.mode)) == 0)
            usage_error(std::string(name) + " means nothing for " + mode_name(options.mode));
        if (value == nullptr)
            usage_error(std::string(name) + " needs a value");
        flag.apply(options, value);
        return;
    }
    usage_error("unknown option: " + std::string(name));
}

void check_complete(const Options &options)
{
    if (options.target.length == 0)
        usage_error((bit(options.mode) & kPages) != 0 ? "--ws HOST:PORT is missing" : "HOST:PORT is missing");
    if ((bit(options.mode) & kLines) != 0 && options.inner.length == 0)
        usage_error("--inner HOST:PORT is missing");
    if (options.targets > 1 && options.path != "/")
        usage_error("--targets has paths of its own: --path means nothing with it");
    if (options.mode == Mode::kBroadcast && options.path != "/" && !options.events)
        usage_error("--path of broadcast is that of --events");
    if (options.mode == Mode::kUdp && options.size > 65507)
        usage_error("-s of udp is at most 65507: no datagram is longer");
    if (options.mode == Mode::kUdp && options.tls_options.on)
        usage_error("there is no TLS over datagrams");
    if (options.rate > 0 && options.pipeline > 1)
        usage_error("--rate sends one message at a time: -p must be 1");
    if (options.mode == Mode::kIdle && options.server_pids.empty())
        usage_error("--server-pid is missing: without it there is no memory to read");
}

void check_tls(Options *options)
{
    const TlsOptions &tls = options->tls_options;
    if (!tls.on) {
        if (options->mode == Mode::kHandshakes)
            usage_error("handshakes needs --tls");
        if (tls.insecure || !tls.ca_file.empty() || !tls.version.empty() || !tls.cipher.empty())
            usage_error("options of TLS mean nothing without --tls");
        return;
    }
    if (tls.insecure == !tls.ca_file.empty())
        usage_error("--tls needs one of --tls-ca FILE and --tls-insecure");
    if (!tls.version.empty() && tls.version != "1.2" && tls.version != "1.3")
        usage_error("--tls-version: neither 1.2 nor 1.3: " + tls.version);
    std::string problem;
    options->tls = TlsContext::make(tls, &problem);
    if (options->tls == nullptr)
        usage_error(problem);
}

/// A flag without a value; false if it is none.
bool apply_switch(Options &options, std::string_view word)
{
    if (word == "--json")
        options.json = true;
    else if (word == "--binary" && options.mode == Mode::kWs)
        options.binary = true;
    else if (word == "--bare-line" && options.mode == Mode::kBroadcast)
        options.bare_line = true;
    else if (word == "--events" && options.mode == Mode::kBroadcast)
        options.events = true;
    else if (word == "--resume" && options.mode == Mode::kHandshakes)
        options.resume = true;
    else if (word == "--tls")
        options.tls_options.on = true;
    else if (word == "--tls-insecure")
        options.tls_options.insecure = true;
    else
        return false;
    return true;
}

} // namespace

const char *mode_name(Mode mode)
{
    return kModes[static_cast<size_t>(mode)];
}

Options parse_options(int argc, char **argv)
{
    Options options;
    if (argc > 1 && (std::strcmp(argv[1], "--help") == 0 || std::strcmp(argv[1], "-h") == 0)) {
        std::fputs(kHelp, stdout);
        std::exit(0);
    }
    if (argc < 2)
        usage_error("a mode is missing: echo, text, frame, udp, ws, http, push, broadcast, churn, idle or handshakes");
    options.mode = to_mode(argv[1]);
    for (int i = 2; i < argc; i++) {
        std::string_view word = argv[i];
        if (apply_switch(options, word))
            continue;
        if (!word.empty() && word[0] != '-' && (bit(options.mode) & kPages) == 0 && options.target.length == 0) {
            options.target = to_address(mode_name(options.mode), word);
        } else {
            apply_flag(options, word, i + 1 < argc ? argv[i + 1] : nullptr);
            i++;
        }
    }
    check_complete(options);
    check_tls(&options);
    return options;
}

} // namespace wm::load
