// What a proxy says of its clients: the PROXY header, and the header lines of requests. The first octet says which. A header has the same
// outcome however much of what follows it is there, and each step sees an allocation of the exact size; whatever a client writes in front
// of what the proxies append, an address that is not trusted stays the client's.
#include "fuzz_check.h"
#include "proto/http/fields.h"
#include "proto/http/forwarded.h"
#include "proto/proxy/proxy_header.h"

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace {

using fuzz::check;
using wm::IpAddress;
using wm::StepKind;
using wm::http::Forwarded;
using wm::http::ForwardedBy;
using wm::proxy::Header;

// ---- the PROXY header

struct Outcome {
    wm::Step step;
    Header header;
    const char *wrong = nullptr;
};

Outcome read(std::string_view bytes)
{
    std::unique_ptr<char[]> exact(new char[bytes.size()]);
    bytes.copy(exact.get(), bytes.size());
    Outcome out;
    out.step = wm::proxy::read_header(exact.get(), bytes.size(), out.header, &out.wrong);
    check((out.step.kind == StepKind::kFail) == (out.wrong != nullptr), "a failure has a text, and nothing else has");
    if (out.step.kind == StepKind::kMore) {
        check(out.step.size == bytes.size(), "a step that needs more keeps all");
        check(out.step.need == 0 || (out.step.need > bytes.size() && out.step.need <= wm::proxy::kMaxHeader), "it needs what may be");
        check(bytes.size() < wm::proxy::kMaxHeader, "a header of the largest size is whole");
    }
    return out;
}

void try_header(std::string_view bytes)
{
    size_t len = 0;
    Outcome out = read({});
    while (out.step.kind == StepKind::kMore && len < bytes.size())
        out = read(bytes.substr(0, ++len));
    if (out.step.kind == StepKind::kMore)
        return;
    check(out.step.kind == StepKind::kFail || out.step.size == len, "a header ends with the octet that completes it");
    Outcome whole = read(bytes);
    check(whole.step.kind == out.step.kind && whole.step.size == out.step.size, "what follows a header changes nothing");
    check(whole.header.from == out.header.from && whole.header.client == out.header.client && whole.header.tls == out.header.tls,
          "what follows a header changes what it says");
}

// ---- header lines

/// 10.0.0.0/8 is trusted.
bool is_trusted(const void *, const IpAddress &ip)
{
    return ip.is_ipv4() && ip.ipv4()[0] == 10;
}

Forwarded read_lines(const std::string &fields, ForwardedBy by)
{
    std::unique_ptr<char[]> exact(new char[fields.size()]);
    fields.copy(exact.get(), fields.size());
    return wm::http::read_forwarded({exact.get(), fields.size()}, by, {is_trusted, nullptr});
}

void try_lines(std::string_view bytes, ForwardedBy by)
{
    const std::string name = by == ForwardedBy::kForwarded ? "Forwarded:" : "X-Forwarded-For:";
    std::string fields = name;
    for (char c : bytes) // as a parser has validated it; LF begins another line
        fields += c == '\n' ? "\r\n" + name : wm::ascii::is(c, wm::ascii::kValue) ? std::string(1, c) : std::string();
    fields += "\r\n";
    Forwarded found = read_lines(fields, by);
    if (!found.known || is_trusted(nullptr, found.client.ip))
        return;
    for (const char *lie : {" 1.1.1.1\r\n", " for=1.1.1.1\r\n", " for=\"\r\n", " unknown\r\n", " 10.1.1.1, 10.2.2.2\r\n", "\r\n"}) {
        Forwarded again = read_lines(name + lie + fields, by);
        check(again.known && again.client == found.client && again.https == found.https, "a lie in front has changed the client");
    }
    for (const char *lie : {" 1.1.1.1, ", " for=1.1.1.1, ", " for=1.1.1.1;a=\", ", " for=\"\\, ", " unknown,"}) {
        Forwarded again = read_lines(name + lie + fields.substr(name.size()), by);
        check(again.malformed || (again.known && again.client == found.client), "a lie in the same line has changed the client");
    }
    const char *behind = by == ForwardedBy::kForwarded ? " for=10.1.1.1, for=\"10.2.2.2:80\"\r\n" : " 10.1.1.1, 10.2.2.2:80\r\n";
    Forwarded further = read_lines(fields + name + behind, by);
    check(further.known && further.client == found.client, "a trusted proxy behind has changed the client");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    std::string_view rest(reinterpret_cast<const char *>(data) + 1, size - 1);
    switch (data[0] % 3) {
    case 0:
        try_header(rest);
        break;
    case 1:
        try_lines(rest, ForwardedBy::kForwardedFor);
        break;
    default:
        try_lines(rest, ForwardedBy::kForwarded);
    }
    return 0;
}
