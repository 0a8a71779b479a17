#include "wm-serve/push_server.h"

#include "shared/printable.h"
#include "wm-serve/event_log.h"
#include "wm-serve/http_port.h"
#include "wm-serve/line_port.h"
#include "wm-serve/listen_address.h"
#include "wm-serve/page.h"
#include "wm-serve/push_flags.h"

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

PushResult::Kind kind_of(int result, int64_t pages)
{
    if (result == WM_PENDING)
        return PushResult::Kind::kPending;
    return pages > 0 ? PushResult::Kind::kOk : PushResult::Kind::kOffline;
}

void log_push(const PushLine &line, size_t bytes, PushResult push)
{
    bool to_all = line.kind == PushLine::Kind::kBroadcast;
    std::string text = to_all ? "broadcast" : "push to '" + printable(line.uid, kMaxUidBytes) + "'";
    text += push.kind == PushResult::Kind::kPending
                ? ": pending"
                : ": " + std::to_string(push.number) + (push.number == 1 ? " connection" : " connections");
    log_debug(text + ", " + std::to_string(to_all ? line.data.size() : bytes) + " bytes");
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
    auth.setup(options_);
    return auth.load();
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
    if (!hub_ || !set_drain())
        return false;
    page_worker_ = wm_worker_new(app_, options_.served(options_.listen).c_str());
    if (!page_worker_ || wm_worker_set_str(page_worker_, "name", "pages") != 0 ||
        wm_worker_set_int(page_worker_, "count", options_.count) != 0 || !set_identity(page_worker_) ||
        !set_tls(page_worker_, options_.listen) || !pages_.setup(page_worker_, hub_, options_))
        return false;
    if (options_.inner != kOff) {
        line_worker_ = wm_worker_new(app_, options_.inner.c_str());
        if (!line_worker_ || !set_back_end(line_worker_, "inner") || !set_identity(line_worker_) ||
            !setup_line_port(line_worker_, *this, options_.max_push))
            return false;
    }
    if (options_.http != kOff) {
        http_worker_ = wm_worker_new(app_, options_.served(options_.http).c_str());
        if (!http_worker_ || !set_back_end(http_worker_, "http") || !set_identity(http_worker_) || !set_tls(http_worker_, options_.http) ||
            !setup_http_port(http_worker_, *this))
            return false;
        hosts_.add(ListenAddress(options_.http).host());
    }
    return wm_worker_on_start(page_worker_, started, this, nullptr) == 0;
}

bool PushServer::set_tls(wm_worker *worker, const std::string &address) const
{
    const std::string scheme = ListenAddress(options_.served(address)).scheme();
    return (scheme != "wss" && scheme != "https") || options_.tls.apply(worker);
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
    return serve::page({url_scheme(pages), pages.is_unix() ? "" : pages.endpoint(""), back_end(false), options_.auth});
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
    if (std::string wrong = self.pages_.load(); !wrong.empty()) {
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
        if (worker && wm_worker_listen(worker) != 0)
            return false;
    return true;
}

void PushServer::announce(size_t) const
{
    printf("wm-serve push %s\n", wm_version());
    if (http_worker_)
        printf("  page    %s\n", url(http_worker_, "/").c_str());
    printf("  pages   %s\n", url(page_worker_).c_str());
    if (line_worker_) {
        std::string server = back_end(true);
        std::string command = server == "usual" ? "wm-push" : "wm-push --server " + in_shell(server);
        printf("  inner   %s\n", url(line_worker_).c_str());
        printf("  try     %s uid1 '{\"percent\":\"88%%\"}'\n", command.c_str());
    }
    fflush(stdout);
}

PushResult PushServer::push(std::string_view line, wm_hub_result_fn done, void *user)
{
    UidScratch scratch;
    PushLine parsed = scan_push_line(line.data(), line.size(), scratch);
    int64_t pages = 0;
    int result;
    if (parsed.kind == PushLine::Kind::kPush)
        result = wm_hub_send(hub_, parsed.uid.data(), parsed.uid.size(), line.data(), line.size(), 0, &pages, done, user, nullptr);
    else if (parsed.kind == PushLine::Kind::kBroadcast)
        result = wm_hub_broadcast(hub_, parsed.data.data(), parsed.data.size(), 0, &pages, done, user, nullptr);
    else
        return refuse(parsed);
    PushResult push = {kind_of(result, pages), parsed.json_reply, static_cast<uint32_t>(pages)};
    return push.json || debug_ ? look_closer(parsed, line.size(), result, push) : push;
}

PushResult PushServer::refuse(const PushLine &line) const
{
    if (line.kind == PushLine::Kind::kNotifyEnd)
        return {PushResult::Kind::kNotifyEnd};
    PushResult result = {PushResult::Kind::kBad, line.json_reply, static_cast<uint32_t>(line.offset), line.reason()};
    if (debug_)
        log_debug("refused a push: " + push_detail(result));
    return result;
}

/// Logs a push of `bytes`, and says why nobody took it: for those who ask.
PushResult PushServer::look_closer(const PushLine &line, size_t bytes, int result, PushResult push) const
{
    if (debug_)
        log_push(line, bytes, push);
    if (push.kind != PushResult::Kind::kOffline)
        return push;
    bool to_all = line.kind == PushLine::Kind::kBroadcast;
    int64_t online = 0;
    if (!to_all)
        wm_hub_online(hub_, line.uid.data(), line.uid.size(), &online, nullptr, nullptr, nullptr);
    if (result < 0 || online > 0 || (to_all && pages_.any_named()))
        push.kind = PushResult::Kind::kFull;
    else if (to_all)
        push.reason = "no page is connected";
    if (result < 0)
        push.reason = wm_strerror(result);
    return push;
}

} // namespace wm::serve
