#include "wm-serve/push_server.h"

#include "shared/printable.h"
#include "wm-serve/event_log.h"
#include "wm-serve/http_port.h"
#include "wm-serve/line_port.h"
#include "wm-serve/listen_address.h"
#include "wm-serve/one_port.h"
#include "wm-serve/page.h"
#include "wm-serve/push_flags.h"
#include "wm-serve/start_files.h"

#include <algorithm>
#include <cstdio>
#include <sys/resource.h>

namespace wm::serve {

namespace {

/// Connections that a port of back ends has however many pages there are: a few where there are few
/// descriptors.
int64_t back_end_share()
{
    constexpr rlim_t kMost = 32;
    struct rlimit limit;
    return static_cast<int64_t>(getrlimit(RLIMIT_NOFILE, &limit) == 0 ? std::min(limit.rlim_cur / 8, kMost) : kMost);
}

/// Gives a worker no processes of its own, as the page worker's processes share it, and its part of each of them.
bool set_back_end(wm_worker *worker, const char *name)
{
    return wm_worker_set_int(worker, "count", 0) == 0 && wm_worker_set_int(worker, "share_listener", 1) == 0 &&
           wm_worker_set_str(worker, "name", name) == 0 && wm_worker_set_int(worker, "reserve_connections", back_end_share()) == 0;
}

/// What a line asks for, for the log.
std::string describe(const PushLine &line)
{
    using Kind = PushLine::Kind;
    std::string to = line.uids.empty() ? "'" + printable(line.uid, kMaxUidBytes) + "'" : "the uids " + printable(line.uids, kMaxUidBytes);
    std::string group = "group '" + printable(line.group, kMaxUidBytes) + "'";
    switch (line.kind) {
    case Kind::kGroup:
        return "push to " + group;
    case Kind::kBroadcast:
        return "broadcast";
    case Kind::kJoin:
        return to + " to join " + group;
    case Kind::kLeave:
        return to + " to leave " + group;
    case Kind::kOnline:
        return "count of " + to;
    case Kind::kKick:
        return "kick of " + to;
    case Kind::kTicket:
        return "ticket for " + to;
    default:
        return "push to " + to;
    }
}

void log_result(const PushLine &line, size_t bytes, PushResult result)
{
    using Kind = PushResult::Kind;
    std::string text = describe(line);
    if (result.kind == Kind::kOk || result.kind == Kind::kOffline)
        text += ": " + std::to_string(result.number) + (result.number == 1 ? " connection" : " connections");
    else if (result.kind == Kind::kTicket)
        text += ": issued"; // the ticket itself is not for the log
    else
        text += ": " + (result.kind == Kind::kPending ? "pending" : push_detail(result));
    size_t sent = line.data.empty() ? bytes : line.data.size();
    log_debug(text + ", " + std::to_string(sent) + " bytes");
}

/// A word for every shell: in quotes if it needs them.
std::string in_shell(const std::string &word)
{
    constexpr const char *kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+:,./-";
    if (word.find_first_not_of(kPlain) == std::string::npos)
        return word;
    std::string out = "'";
    for (char c : word)
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

/// Of an object that has been scanned.
size_t count_members(std::string_view text)
{
    size_t count = 0;
    JsonReader<JsonBounds::kChecked>(text.data(), text.size()).read_object([&count](const JsonMember &) { count++; });
    return count;
}

ListenAddress address_of(wm_worker *worker)
{
    return ListenAddress(wm_worker_address(worker));
}

} // namespace

void PushServer::add_flags(CLI::App &command)
{
    add_push_flags(command, options_);
}

std::string PushServer::files_error()
{
    PageAuth auth;
    InnerSecret secret;
    auth.setup(options_);
    std::string wrong = auth.load();
    if (wrong.empty())
        wrong = output_file_error("--access-log", options_.access_log);
    if (wrong.empty())
        wrong = options_.engine.files_error();
    return wrong.empty() ? secret.load(options_.inner_secret_file) : wrong;
}

/// Reads the files of a process that is going to serve. Returns an error, or nothing.
std::string PushServer::load()
{
    std::string wrong = pages_.load();
    if (wrong.empty())
        wrong = tickets_.open();
    return wrong.empty() ? secret_.load(options_.inner_secret_file) : wrong;
}

void PushServer::reset()
{
    PushOptions defaults;
    defaults.name = options_.name;
    defaults.run_dir = options_.run_dir;
    options_ = defaults;
}

bool PushServer::make_workers()
{
    debug_ = options_.log_level == "debug";
    for (const std::string &value : options_.hosts)
        hosts_.add(value);
    hub_ = wm_hub_new(app_);
    if (!hub_ || !options_.engine.apply(hub_) || !set_drain())
        return false;
    if (!make_page_worker())
        return false;
    if (options_.inner != kOff) {
        const InnerSecret *secret = options_.inner_secret_file.empty() ? nullptr : &secret_;
        line_worker_ = wm_worker_new(app_, options_.inner.c_str());
        if (!line_worker_ || !set_back_end(line_worker_, "inner") || !set_identity(line_worker_) ||
            !setup_line_port(line_worker_, *this, options_.max_push, secret))
            return false;
    }
    if (options_.http != kOff && !make_http_worker())
        return false;
    return wm_worker_on_start(page_worker_, started, this, nullptr) == 0;
}

bool PushServer::make_page_worker()
{
    const std::string &address = options_.one_port() ? options_.http : options_.listen;
    page_worker_ = wm_worker_new(app_, options_.served(address).c_str());
    return page_worker_ && wm_worker_set_str(page_worker_, "name", "pages") == 0 &&
           wm_worker_set_int(page_worker_, "count", options_.count) == 0 && set_identity(page_worker_) && set_tls(page_worker_, address) &&
           options_.proxies.apply(page_worker_) && set_access_log(page_worker_) && pages_.setup(page_worker_, hub_, options_, &tickets_);
}

bool PushServer::make_http_worker()
{
    hosts_.add(ListenAddress(options_.http).host());
    if (options_.one_port()) {
        http_worker_ = page_worker_;
        return setup_one_port(page_worker_, *this);
    }
    http_worker_ = wm_worker_new(app_, options_.served(options_.http).c_str());
    return http_worker_ && set_back_end(http_worker_, "http") && set_identity(http_worker_) && set_tls(http_worker_, options_.http) &&
           set_access_log(http_worker_) && setup_http_port(http_worker_, *this);
}

bool PushServer::set_tls(wm_worker *worker, const std::string &address) const
{
    const std::string scheme = ListenAddress(options_.served(address)).scheme();
    return (scheme != "wss" && scheme != "https") || options_.tls.apply(worker);
}

/// Gives a worker that answers requests the file in which they are logged.
bool PushServer::set_access_log(wm_worker *worker) const
{
    return wm_worker_set_str(worker, "access_log", options_.access_log.c_str()) == 0 &&
           wm_worker_set_str(worker, "access_log_format", options_.access_log_format.c_str()) == 0;
}

bool PushServer::check() const
{
    return Server::check(page_worker_) && Server::check(http_worker_);
}

/// Adds the drain time to the deadlines of a reload: they start when the last page has been closed.
bool PushServer::set_drain()
{
    for (const char *deadline : {"reload_timeout_ms", "graceful_timeout_ms"}) {
        int64_t value = 0;
        if (wm_app_get_int(app_, deadline, &value) != 0 || wm_app_set_int(app_, deadline, value + options_.drain_ms) != 0)
            return false;
    }
    return wm_app_set_int(app_, "drain_ms", options_.drain_ms) == 0;
}

std::string PushServer::page() const
{
    ListenAddress pages = address_of(page_worker_);
    return serve::page(
        {websocket_scheme(pages), pages.is_unix() ? "" : pages.endpoint(""), back_end(false), options_.auth, secret_.given()});
}

/// Where back ends connect, as wm-push takes it: empty without a line port, "usual" where wm-push looks by itself. `here`: for this
/// machine; else the host is left out where it is every address.
std::string PushServer::back_end(bool here) const
{
    if (!line_worker_)
        return "";
    ListenAddress address = address_of(line_worker_);
    if (address.is_unix())
        return "unix:" + address.path();
    if (address.reachable() == ListenAddress(PushOptions().inner).reachable())
        return "usual";
    return here ? address.reachable() : address.endpoint("");
}

/// Runs in each serving process and opens the other two ports there: all three have the same hub.
int32_t PushServer::started(wm_worker *, int32_t, void *user)
{
    PushServer &self = *static_cast<PushServer *>(user);
    if (std::string wrong = self.load(); !wrong.empty()) {
        wm_log(WM_LOG_ERROR, wrong.data(), wrong.size());
        return -1;
    }
    if (!self.listen())
        return -1; // the library has the error
    self.serves();
    return 0;
}

bool PushServer::listen() const
{
    for (wm_worker *worker : {line_worker_, http_worker_})
        if (worker && worker != page_worker_ && wm_worker_listen(worker) != 0)
            return false;
    return true;
}

void PushServer::announce(size_t) const
{
    printf("wm-serve push %s\n", wm_version());
    if (http_worker_)
        printf("  page    %s\n", url(http_worker_, "/").c_str());
    printf("  pages   %s\n", websocket_url(page_worker_).c_str());
    if (line_worker_) {
        std::string server = back_end(true);
        std::string command = server == "usual" ? "wm-push" : "wm-push --server " + in_shell(server);
        if (!options_.inner_secret_file.empty())
            command += " --secret-file " + in_shell(options_.inner_secret_file);
        printf("  inner   %s\n", url(line_worker_).c_str());
        printf("  try     %s uid1 '{\"percent\":\"88%%\"}'\n", command.c_str());
    }
    fflush(stdout);
}

PushResult PushServer::push(std::string_view line, PushCall &call)
{
    PushLine parsed;
    scan_push_line(line.data(), line.size(), parsed);
    if (parsed.plain && !call.explain && !debug_) [[likely]]
        return call.push(hub_, parsed.uid, line);
    return carry_out(parsed, line, call);
}

PushResult PushServer::carry_out(const PushLine &line, std::string_view whole, PushCall &call)
{
    PushResult result = {PushResult::Kind::kBad, line.json_reply || call.explain, false, static_cast<uint32_t>(line.offset), line.reason()};
    switch (line.kind) {
    case PushLine::Kind::kExplain:
        return {PushResult::Kind::kExplain};
    case PushLine::Kind::kNotifyEnd:
        return {PushResult::Kind::kNotifyEnd};
    case PushLine::Kind::kInvalid:
        if (debug_)
            log_debug("refused a push: " + push_detail(result));
        return result;
    default:
        result = line.kind == PushLine::Kind::kTicket ? issue(line, call) : call.run(hub_, pages_, line, whole);
        if (debug_)
            log_result(line, whole.size(), result);
        return result;
    }
}

PushResult PushServer::issue(const PushLine &line, PushCall &call)
{
    PushResult result = tickets_.issue(line, call.ticket);
    result.json |= call.explain && result.kind != PushResult::Kind::kTicket;
    return result;
}

PushResult PushServer::ticket(std::string_view body, PushCall &call)
{
    constexpr const char *kForm = "a ticket is asked for with {\"uid\":\"NAME\"}, and in JSON with \"wm\":{\"reply\":\"json\"} beside it";
    PushLine line;
    scan_push_line(body.data(), body.size(), line);
    if (line.kind == PushLine::Kind::kPush && line.uids.empty() && line.data.empty() && count_members(body) == (line.json_reply ? 2u : 1u))
        line.kind = PushLine::Kind::kTicket;
    else if (line.kind != PushLine::Kind::kInvalid && line.kind != PushLine::Kind::kTicket)
        return {PushResult::Kind::kBad, line.json_reply, false, 0, kForm};
    return carry_out(line, body, call);
}

} // namespace wm::serve
