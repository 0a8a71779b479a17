#include "net/resolver.h"

#include "core/error.h"
#include "core/log.h"

#include <algorithm>
#include <cstring>
#include <event2/dns.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <utility>

namespace wm {

namespace {

constexpr int64_t kOtherFamilyMs = 50; // after the first answer (RFC 8305 §8)
constexpr size_t kMostAddresses = 32;

SocketAddress address_of(char type, const void *addresses, int index)
{
    SocketAddress out;
    memset(&out, 0, sizeof out);
    if (type == DNS_IPv4_A) {
        auto *in4 = reinterpret_cast<struct sockaddr_in *>(&out.storage);
        in4->sin_family = AF_INET;
        memcpy(&in4->sin_addr, static_cast<const char *>(addresses) + index * 4, 4);
        out.len = sizeof *in4;
    } else {
        auto *in6 = reinterpret_cast<struct sockaddr_in6 *>(&out.storage);
        in6->sin6_family = AF_INET6;
        memcpy(&in6->sin6_addr, static_cast<const char *>(addresses) + index * 16, 16);
        out.len = sizeof *in6;
    }
    return out;
}

/// One of each family in turn, IPv6 first (RFC 8305 §4).
std::vector<SocketAddress> in_turn(const std::vector<SocketAddress> &first, const std::vector<SocketAddress> &second)
{
    std::vector<SocketAddress> out;
    for (size_t i = 0; i < std::max(first.size(), second.size()); i++) {
        if (i < first.size())
            out.push_back(first[i]);
        if (i < second.size())
            out.push_back(second[i]);
    }
    return out;
}

void log_of_evdns(int is_warning, const char *text)
{
    if (is_warning)
        log(WM_LOG_WARN, "DNS: %s", text);
}

} // namespace

struct Resolver::Lookup {
    struct Request {
        Lookup *lookup = nullptr;
        bool out = false;
        int result = DNS_ERR_NONE;
        std::vector<SocketAddress> addresses;
    };

    Resolver *resolver = nullptr;
    Servers *servers = nullptr; ///< nullptr: the hosts file has it
    std::string name;
    std::vector<Question *> questions;
    Request v6, v4;
    int64_t due_ms = Loop::kNever; ///< of the answer, while a request is out

    bool out() const { return v6.out || v4.out; }
    bool complete(int64_t now) const { return !out() || due_ms <= now; }
    std::string error() const;
};

/// The better known of the two reasons.
std::string Resolver::Lookup::error() const
{
    auto is = [this](int result) { return v4.result == result || v6.result == result; };
    std::string asked = servers ? " (asked " + resolver->servers() + ")" : "";
    if (is(DNS_ERR_NOTEXIST))
        return name + ": there is no such host" + asked;
    if (is(DNS_ERR_TIMEOUT))
        return name + ": no DNS server has answered in time" + asked;
    if (is(DNS_ERR_REFUSED))
        return name + ": the DNS server refuses to answer" + asked;
    if (is(DNS_ERR_TRUNCATED))
        return name + ": the answer of the DNS server is too long" + asked;
    if (is(DNS_ERR_NODATA) || (v4.result == DNS_ERR_NONE && v6.result == DNS_ERR_NONE))
        return name + ": the host has no IPv4 or IPv6 address" + asked;
    return name + ": " + evdns_err_to_string(v4.result) + asked;
}

Resolver::Resolver(Loop &loop, std::string resolv_conf, std::string hosts)
    : loop_(loop), resolv_conf_(std::move(resolv_conf)), hosts_(std::move(hosts))
{}

Resolver::~Resolver()
{
    close(false);
}

void Resolver::abandon()
{
    if (!servers_.empty())
        event_reinit(loop_.base()); // its descriptor is the parent's, too: what follows takes events out of it
    close(true);
}

void Resolver::close(bool abandoned)
{
    if (!servers_.empty() && !abandoned)
        loop_.run_base(); // what evdns has deferred
    for (auto &servers : servers_)
        evdns_base_free(servers->base, 0);
    servers_.clear();
    for (auto &lookup : lookups_)
        for (Question *question : lookup->questions)
            question->lookup_ = nullptr;
    lookups_.clear();
    run_due_ = false;
}

void Resolver::Question::withdraw()
{
    if (lookup_)
        std::erase(lookup_->questions, this);
    lookup_ = nullptr;
}

// ---- questions

int Resolver::ask(Question &question, const std::string &name)
{
    question.withdraw();
    try {
        return begin(question, name);
    } catch (const std::bad_alloc &) {
        return fail(WM_ENOMEM, "%s: out of memory to resolve it", name.c_str());
    }
}

int Resolver::begin(Question &question, const std::string &name)
{
    std::vector<SocketAddress> known = hosts_.find(name);
    Servers *servers = known.empty() ? current_servers() : nullptr;
    if (known.empty() && !servers)
        return fail(WM_EDNS, "%s: cannot ask DNS: %s", name.c_str(), last_error());
    Lookup *lookup = servers ? find(name, servers) : nullptr;
    if (!lookup) {
        auto fresh = std::make_unique<Lookup>();
        fresh->resolver = this;
        fresh->servers = servers;
        fresh->name = name;
        fresh->v4.addresses = std::move(known);
        fresh->v4.lookup = fresh->v6.lookup = fresh.get();
        lookups_.reserve(lookups_.size() + 1);
        fresh->questions.reserve(1);
        if (servers && !query(*fresh, name))
            return fail(WM_EDNS, "%s: DNS has no such names, or memory is out", name.c_str());
        lookups_.push_back(std::move(fresh));
        lookup = lookups_.back().get();
    }
    lookup->questions.push_back(&question);
    question.lookup_ = lookup;
    run_due_ = true;
    return 0;
}

/// False: neither request could be made.
bool Resolver::query(Lookup &lookup, const std::string &name)
{
    evdns_base *base = lookup.servers->base;
    bool absolute = name.back() == '.';
    std::string asked = absolute ? name.substr(0, name.size() - 1) : name;
    int flags = absolute ? DNS_QUERY_NO_SEARCH : 0;
    // Their callbacks come from the base, never from here.
    lookup.v6.out = evdns_base_resolve_ipv6(base, asked.c_str(), flags, &Resolver::got, &lookup.v6);
    lookup.v4.out = evdns_base_resolve_ipv4(base, asked.c_str(), flags, &Resolver::got, &lookup.v4);
    lookup.v6.result = lookup.v6.out ? DNS_ERR_NONE : DNS_ERR_UNKNOWN;
    lookup.v4.result = lookup.v4.out ? DNS_ERR_NONE : DNS_ERR_UNKNOWN;
    if (!lookup.out())
        return false;
    lookup.servers->lookups++;
    return true;
}

Resolver::Lookup *Resolver::find(const std::string &name, const Servers *servers) const
{
    for (const auto &lookup : lookups_)
        if (lookup->servers == servers && lookup->out() && lookup->name == name)
            return lookup.get();
    return nullptr;
}

/// nullptr, with the detail, when libevent has no memory or descriptor left.
Resolver::Servers *Resolver::current_servers()
{
    FileStamp stamp(resolv_conf_.c_str());
    if (!servers_.empty() && servers_.back()->stamp == stamp)
        return servers_.back().get();
    evdns_set_log_fn(&log_of_evdns); // else it writes to standard error
    if (loop_.open_base() != 0)
        return nullptr;
    auto fresh = std::make_unique<Servers>();
    servers_.reserve(servers_.size() + 1);
    fresh->stamp = stamp;
    fresh->base = evdns_base_new(loop_.base(), EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    if (!fresh->base) {
        fail(WM_ENOMEM, "out of memory for evdns");
        return nullptr;
    }
    evdns_base_set_option(fresh->base, "timeout:", "2"); // of resolv.conf(5): 5, and 2 attempts
    evdns_base_set_option(fresh->base, "attempts:", "3");
    evdns_base_set_option(fresh->base, "max-inflight:", "256");
    evdns_base_resolv_conf_parse(fresh->base, DNS_OPTION_NAMESERVERS | DNS_OPTION_SEARCH | DNS_OPTION_MISC, resolv_conf_.c_str());
    if (evdns_base_count_nameservers(fresh->base) == 0) {
        evdns_base_free(fresh->base, 0);
        fail(WM_EDNS, "no server of %s can be used", resolv_conf_.c_str());
        return nullptr;
    }
    servers_.push_back(std::move(fresh));
    return servers_.back().get();
}

std::string Resolver::servers() const
{
    std::string text;
    for (int i = 0; !servers_.empty(); i++) {
        SocketAddress server;
        int len = evdns_base_get_nameserver_addr(servers_.back()->base, i, reinterpret_cast<struct sockaddr *>(&server.storage),
                                                 sizeof server.storage);
        if (len <= 0)
            break;
        server.len = static_cast<socklen_t>(len);
        text += (text.empty() ? "" : ", ") + format_address(server);
    }
    return text.empty() ? "no server" : text;
}

// ---- answers

/// Called by libevent, which is C: it throws nothing, and calls no owner.
void Resolver::got(int result, char type, int count, int, void *addresses, void *request)
{
    auto &self = *static_cast<Lookup::Request *>(request);
    Resolver &resolver = *self.lookup->resolver;
    self.out = false;
    self.result = result;
    resolver.run_due_ = true;
    if (result != DNS_ERR_NONE || (type != DNS_IPv4_A && type != DNS_IPv6_AAAA))
        return;
    try {
        self.addresses.reserve(kMostAddresses);
    } catch (const std::bad_alloc &) {
        self.result = DNS_ERR_UNKNOWN;
        return;
    }
    for (int i = 0; i < count && self.addresses.size() < kMostAddresses; i++)
        self.addresses.push_back(address_of(type, addresses, i));
    if (!self.addresses.empty())
        self.lookup->due_ms = Loop::clock_ms() + kOtherFamilyMs;
}

int64_t Resolver::due_ms() const
{
    if (lookups_.empty())
        return Loop::kNever;
    if (run_due_)
        return 0;
    int64_t due = loop_.base_due_ms();
    for (const auto &lookup : lookups_)
        due = std::min(due, lookup->questions.empty() ? Loop::kNever : lookup->due_ms);
    return due;
}

void Resolver::run()
{
    if (lookups_.empty())
        return;
    run_due_ = false;
    loop_.run_base();
    int64_t now = Loop::clock_ms();
    try {
        // By index: an owner may ask again, which adds to the list.
        for (size_t i = 0; i < lookups_.size(); i++)
            if (lookups_[i]->complete(now))
                deliver(*lookups_[i]);
    } catch (const std::bad_alloc &) {
        run_due_ = true; // again in the next turn
    }
    free_done();
}

void Resolver::deliver(Lookup &lookup)
{
    if (lookup.questions.empty())
        return;
    std::vector<SocketAddress> addresses = in_turn(lookup.v6.addresses, lookup.v4.addresses);
    std::string error = addresses.empty() ? lookup.error() : "";
    // Those that an owner withdraws meanwhile are off the list.
    while (!lookup.questions.empty()) {
        Question &question = *lookup.questions.back();
        lookup.questions.pop_back();
        question.lookup_ = nullptr;
        question.answered_(question.owner_, addresses, error);
    }
}

void Resolver::free_done()
{
    for (size_t i = lookups_.size(); i-- > 0;) {
        Lookup &lookup = *lookups_[i];
        if (lookup.out() || !lookup.questions.empty())
            continue;
        if (lookup.servers)
            lookup.servers->lookups--;
        lookups_[i] = std::move(lookups_.back());
        lookups_.pop_back();
    }
    std::erase_if(servers_, [](const auto &servers) {
        if (servers->lookups == 0)
            evdns_base_free(servers->base, 0);
        return servers->lookups == 0;
    });
}

} // namespace wm
