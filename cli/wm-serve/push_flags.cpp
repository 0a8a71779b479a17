#include "wm-serve/push_flags.h"

#include "shared/duration.h"
#include "wm-serve/push_options.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace wm::serve {

namespace {

/// Adds a setting that takes one text; its default is the value that is there.
CLI::Option *add_text(CLI::App &push, const char *flag, const char *type, std::string &out, const char *text)
{
    return push.add_option(flag, out, text)->type_name(type)->default_str(out);
}

/// Adds a setting that may be given several times.
CLI::Option *add_list(CLI::App &push, const char *flag, const char *type, std::vector<std::string> &out, const char *text)
{
    return push.add_option(flag, out, text)->type_name(type)->allow_extra_args(false);
}

CLI::Option *add_switch(CLI::App &push, const char *flag, bool &out, const char *text)
{
    return push.add_flag(flag, out, text)->default_str("false");
}

/// Adds a setting that takes a whole number from 1 on.
CLI::Option *add_number(CLI::App &push, const char *flag, int64_t &out, const char *text)
{
    auto check = [](const std::string &given) {
        bool digits = !given.empty() && given.size() <= 9 && given.find_first_not_of("0123456789") == std::string::npos;
        return digits && given.find_first_not_of('0') != std::string::npos ? ""
                                                                           : "\"" + given + "\" is no whole number from 1 to 999999999";
    };
    return push.add_option(flag, out, text)->type_name("N")->check(check);
}

/// Adds a setting that takes a duration; `zero` says whether 0 is one. CLI11 prints the text of the exception.
CLI::Option *add_duration(CLI::App &push, const char *flag, bool zero, int64_t &out_ms, const char *text)
{
    auto take = [flag, zero, &out_ms](const std::string &given) {
        std::chrono::milliseconds parsed;
        if (!parse_duration(given, zero, parsed))
            throw CLI::ValidationError(flag, given + ": " + duration_error(given));
        out_ms = parsed.count();
    };
    std::string usual = out_ms % 1000 == 0 ? std::to_string(out_ms / 1000) + "s" : std::to_string(out_ms) + "ms";
    return push.add_option_function<std::string>(flag, take, text)->type_name("TIME")->default_str(usual);
}

} // namespace

void add_push_flags(CLI::App &push, PushOptions &options)
{
    add_text(push, "--listen", "ADDRESS", options.listen, "websocket address for pages");
    add_text(push, "--inner", "ADDRESS", options.inner, "line port for back ends, or off");
    add_text(push, "--http", "ADDRESS", options.http, "test page and POST /push, or off");
    add_text(push, "--tls-cert", "FILE", options.tls_cert, "certificate and its chain, PEM: pages connect by wss, --http is https");
    add_text(push, "--tls-key", "FILE", options.tls_key, "key of the certificate, PEM (default: in --tls-cert)");
    add_text(push, "--tls-passphrase-file", "FILE", options.tls_passphrase_file, "file whose first line is the passphrase of the key");
    add_list(push, "--origin", "URL", options.origins, "allowed origin of pages (repeatable; default: any)");
    add_list(push, "--host", "NAME", options.hosts, "allowed Host of --http (repeatable)");
    add_text(push, "--uid-key", "NAME", options.uid_key, "the first message of a page is JSON, with the uid in this member");
    add_text(push, "--text-ping", "TEXT=ANSWER", options.text_ping, "answer this text of pages, for instance ping=pong");
    add_list(push, "--subprotocol", "NAME", options.subprotocols, "accept this subprotocol of pages (repeatable)");
    add_number(push, "--max-header", options.max_header, "longest head of a request in bytes, with its cookies")
        ->default_str(std::to_string(options.max_header));
    add_switch(push, "--insecure-inner", options.insecure_inner, "let other machines reach --inner and --http");
    add_duration(push, "--uid-timeout", false, options.uid_timeout_ms, "time for a page to send its uid");
    add_duration(push, "--ping", true, options.ping_ms, "time between pings; 0s: no pings");
    add_duration(push, "--pong-timeout", false, options.pong_timeout_ms, "time for a page to answer a ping");
    add_duration(push, "--drain", true, options.drain_ms, "time over which a reload closes the pages");
    add_number(push, "--max-pages", options.max_pages, "pages at a time (default: what the descriptor limit allows)");
    add_number(push, "--max-per-ip", options.max_per_ip, "pages of one IP address, IPv6: of a /64 (default: no limit)");
    add_number(push, "--count", options.count, "processes")->default_str(std::to_string(options.count));
    add_text(push, "--name", "NAME", options.name, "name of the instance");
    add_text(push, "--run-dir", "PATH", options.run_dir, "directory of its pid file and control socket");
    add_text(push, "--log-file", "PATH", options.log_file, "log file (default with -d: NAME.log in --run-dir)");
    add_text(push, "--log-level", "LEVEL", options.log_level, "debug, info, warning or error");
    add_text(push, "--user", "NAME", options.user, "user to run as (needs root)");
    add_text(push, "--group", "NAME", options.group, "group to run as (needs root)");
}

} // namespace wm::serve
