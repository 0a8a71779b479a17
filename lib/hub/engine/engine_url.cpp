#include "hub/engine/engine_url.h"

#include "core/error.h"
#include "net/address.h"
#include "proto/ascii.h"
#include "proto/http/percent.h"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace wm {

namespace {

constexpr std::string_view kSeparator = "://";
constexpr size_t kMaxLogin = 512; // bytes of a user or a password, decoded

constexpr struct {
    std::string_view name;
    EngineKind kind;
    bool tls;
    uint16_t port; // by default; 0: a unix socket
} kSchemes[] = {
    {"redis", EngineKind::kRedis, false, 6379},
    {"rediss", EngineKind::kRedis, true, 6379},
    {"redis+unix", EngineKind::kRedis, false, 0},
    {"redis+sentinel", EngineKind::kSentinel, false, 26379},
    {"rediss+sentinel", EngineKind::kSentinel, true, 26379},
    {"redis+cluster", EngineKind::kRedisCluster, false, 6379},
    {"rediss+cluster", EngineKind::kRedisCluster, true, 6379},
    {"nats", EngineKind::kNats, false, 4222},
    {"nats+tls", EngineKind::kNats, true, 4222},
    {"tls", EngineKind::kNats, true, 4222}, // as other clients of NATS call it
};

uint16_t default_port(std::string_view scheme)
{
    auto row = std::find_if(std::begin(kSchemes), std::end(kSchemes), [scheme](const auto &each) { return each.name == scheme; });
    return row == std::end(kSchemes) ? 0 : row->port;
}

bool decode(std::string_view text, std::string &out)
{
    out.resize(text.size());
    char *end = http::decode_path(out.data(), text);
    if (!end)
        return false;
    out.resize(static_cast<size_t>(end - out.data()));
    return out.size() <= kMaxLogin && out.find_first_of("\r\n") == std::string::npos;
}

int fail_login()
{
    return fail(WM_EINVAL, "a login is USER:PASSWORD, of up to %zu bytes each, with ':', '@', '/', ',' and '%%' percent-encoded",
                kMaxLogin);
}

} // namespace

int parse_engine_server(std::string_view text, uint16_t port, EngineServer &out)
{
    std::string whole(text);
    size_t bracket = text.find(']'), colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
    if (colon == std::string_view::npos)
        whole += ":" + std::to_string(port);
    Address address;
    if (text.empty() || address.parse(("tcp://" + whole).c_str()) != 0 || address.port == 0)
        return fail(WM_EINVAL, "the engine's server '%s' is not HOST or HOST:PORT, with an IPv6 address in brackets", whole.c_str());
    out = {address.host, address.port, {}};
    return 0;
}

std::string EngineServer::text() const
{
    if (host.empty())
        return path;
    return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port);
}

int EngineUrl::parse(std::string_view text)
{
    *this = {};
    size_t separator = text.find(kSeparator);
    if (separator == std::string_view::npos || text.find('\0') != std::string_view::npos)
        return fail(WM_EINVAL, "the engine is a URL, as redis://HOST:6379 or nats://HOST:4222");
    std::string scheme = scheme_of(text.substr(0, separator + kSeparator.size())).empty() ? "" : std::string(text.substr(0, separator));
    std::transform(scheme.begin(), scheme.end(), scheme.begin(), [](char c) { return ascii::lower(c); });
    if (int result = choose_scheme(scheme))
        return result;
    std::string_view rest = text.substr(separator + kSeparator.size());
    if (default_port(scheme) == 0) {
        if (rest.size() < 2 || rest[0] != '/')
            return fail(WM_EINVAL, "a unix socket is redis+unix:///PATH");
        servers.push_back({{}, 0, std::string(rest)});
        shown = text;
        return 0;
    }
    // The path is behind the last server: a server that repeats the scheme has slashes, too.
    size_t last = rest.rfind(kSeparator);
    size_t slash = rest.find('/', last == std::string_view::npos ? 0 : last + kSeparator.size());
    std::string_view list = rest.substr(0, slash), path = slash == std::string_view::npos ? "" : rest.substr(slash);
    if (path.find('@') != std::string_view::npos)
        return fail_login();
    if (int result = parse_servers(list, scheme))
        return result;
    if (int result = parse_path(path))
        return result;
    for (const EngineServer &server : servers)
        shown += (shown.empty() ? scheme + "://" : ",") + server.text();
    shown += master.empty() ? "" : "/" + master;
    return 0;
}

int EngineUrl::choose_scheme(std::string_view name)
{
    for (const auto &row : kSchemes)
        if (row.name == name) {
            std::tie(kind, tls) = std::tie(row.kind, row.tls);
            return 0;
        }
    std::string names;
    for (const auto &row : kSchemes)
        names += (names.empty() ? "" : ", ") + std::string(row.name) + "://";
    return fail(WM_EINVAL, "no engine has that scheme: there are %s", names.c_str());
}

int EngineUrl::parse_servers(std::string_view list, std::string_view scheme)
{
    bool has_login = false;
    for (bool more = true; more;) {
        size_t comma = list.find(',');
        more = comma != std::string_view::npos;
        std::string_view each = list.substr(0, comma);
        list.remove_prefix(more ? comma + 1 : list.size());
        if (size_t separator = each.find(kSeparator); separator != std::string_view::npos) {
            if (each.substr(0, separator) != scheme)
                return fail(WM_EINVAL, "all servers of an engine have one scheme: %.*s", static_cast<int>(scheme.size()), scheme.data());
            each.remove_prefix(separator + kSeparator.size());
        }
        if (size_t at = each.rfind('@'); at != std::string_view::npos) {
            std::string known_user = user, known_password = password;
            if (int result = parse_login(each.substr(0, at)))
                return result;
            if (has_login && (known_user != user || known_password != password))
                return fail(WM_EINVAL, "all servers of an engine have one login: write it at the first of them");
            has_login = true;
            each.remove_prefix(at + 1);
        }
        EngineServer server;
        if (int result = parse_engine_server(each, default_port(scheme), server)) // its text may be the front of a login that ',' cuts
            return list.find('@') == std::string_view::npos ? result : fail_login();
        if (servers.size() == kMaxServers)
            return fail(WM_EINVAL, "an engine's URL has at most %zu servers", kMaxServers);
        servers.push_back(std::move(server));
    }
    if (kind == EngineKind::kRedis && servers.size() > 1)
        return fail(WM_EINVAL, "redis:// has one server: several are redis+sentinel://HOST,HOST/MASTER or redis+cluster://HOST,HOST");
    return 0;
}

int EngineUrl::parse_login(std::string_view text)
{
    size_t colon = text.find(':');
    std::string_view second = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
    if (!decode(text.substr(0, colon), user) || !decode(second, password))
        return fail_login();
    return 0;
}

int EngineUrl::parse_path(std::string_view path)
{
    std::string_view name = path.empty() ? path : path.substr(1);
    if (kind == EngineKind::kSentinel) {
        auto fits = [](char c) { return ascii::is(c, ascii::kAlpha | ascii::kDigit) || c == '-' || c == '_' || c == '.'; };
        if (name.empty() || name.size() > 255 || !std::all_of(name.begin(), name.end(), fits))
            return fail(WM_EINVAL, "redis+sentinel:// ends in the name that the sentinels have for the master: "
                                   "redis+sentinel://HOST:26379,HOST:26379/MASTER");
        master = name;
        return 0;
    }
    // A database is nothing to channels: the URL that other programs have is taken.
    bool database = kind == EngineKind::kRedis && name.size() <= 5 &&
                    std::all_of(name.begin(), name.end(), [](char c) { return ascii::is(c, ascii::kDigit); });
    if (!name.empty() && !database)
        return fail(WM_EINVAL, "the engine's URL ends behind its servers: no %.*s", static_cast<int>(path.size()), path.data());
    return 0;
}

} // namespace wm
