#include "wm-serve/push_flags.h"

#include "wm-serve/flags.h"
#include "wm-serve/push_options.h"
#include "wm-serve/tls_options.h"

namespace wm::serve {

void add_push_flags(CLI::App &push, PushOptions &options)
{
    add_text(push, "--listen", "ADDRESS", options.listen, "websocket address for pages");
    add_text(push, "--inner", "ADDRESS", options.inner, "line port for back ends, or off");
    add_text(push, "--http", "ADDRESS", options.http, "test page and POST /push, or off; may be the address of --listen");
    add_tls_flags(push, options.tls, "certificate and its chain, PEM: pages connect by wss, --http is https");
    add_proxy_flags(push, options.proxies, true);
    add_list(push, "--origin", "URL", options.origins, "allowed origin of pages (repeatable; default: any)");
    add_list(push, "--host", "NAME", options.hosts, "allowed Host of --http (repeatable)");
    add_text(push, "--auth", "HOW", options.auth, "who a page is: uid (as it says), jwt (a token says so) or ticket");
    add_text(push, "--jwt-key", "FILE", options.jwt_key, "what tokens are signed with: public key (PEM), or secret");
    add_text(push, "--jwt-audience", "NAME", options.jwt_audience, "aud that a token has to have (default: it has none)");
    add_text(push, "--jwt-issuer", "NAME", options.jwt_issuer, "iss that a token has to have (default: any)");
    add_duration(push, "--ticket-ttl", kTicketTtl, options.ticket_ttl_ms,
                 "time for a page to use the ticket that a back end has asked for");
    add_switch(push, "--ticket-in-url", options.ticket_in_url, "take the ticket from ?ticket= in the URL of a page, too");
    add_text(push, "--uid-key", "NAME", options.uid_key, "the first message of a page is JSON, with the uid in this member");
    add_text(push, "--text-ping", "TEXT=ANSWER", options.text_ping, "answer this text of pages, for instance ping=pong");
    add_list(push, "--subprotocol", "NAME", options.subprotocols, "accept this subprotocol of pages (repeatable)");
    add_text(push, "--deflate", "HOW", options.deflate, "compress for pages that can: off, shared (little memory), or own (smaller)");
    add_text(push, "--slow", "HOW", options.slow,
             "page that reads too slowly: close it, drop-oldest of what waits, or keep the latest (of each key; of all without one)");
    add_number_with_default(push, "--max-header", options.max_header, "longest head of a request in bytes, with its cookies");
    add_text(push, "--inner-secret-file", "FILE", options.inner_secret_file, "secret that back ends prove to know");
    add_switch(push, "--insecure-inner", options.insecure_inner, "let other machines reach --inner and --http without a secret");
    add_duration(push, "--uid-timeout", {}, options.uid_timeout_ms, "time for a page to send its uid");
    add_duration(push, "--ping", kOrZero, options.ping_ms, "time between pings; 0s: no pings");
    add_duration(push, "--pong-timeout", {}, options.pong_timeout_ms, "time for a page to answer a ping");
    add_duration(push, "--drain", kOrZero, options.drain_ms, "time over which a reload closes the pages");
    add_number(push, "--max-pages", options.max_pages, "pages at a time (default: what the descriptor limit allows)");
    add_number(push, "--max-per-ip", options.max_per_ip, "pages of one IP address, IPv6: of a /64 (default: no limit)");
    add_number(push, "--rate-connects", options.rate_connects, "pages that one such address connects a second (default: no limit)");
    add_text(push, "--rate", "N[/BURST]", options.rate, "messages a second of a page that has its uid, or off");
    add_count(push, options.count, "processes, which share the uids; auto: one for each processor");
    add_engine_flags(push, options.engine);
    add_text(push, "--access-log", "FILE", options.access_log, "a line for each answer on --listen and --http; a reload opens it anew");
    add_text(push, "--access-log-format", "FORM", options.access_log_format,
             "lines of it: combined, as those of Apache and nginx, or json");
    add_instance_flags(push, options);
}

} // namespace wm::serve
