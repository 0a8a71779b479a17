#include "proto/proxy/proxy_header.h"

#include "core/crc32c.h"
#include "proto/ascii.h"

#include <algorithm>
#include <string_view>

namespace wm::proxy {

namespace {

constexpr std::string_view kBeginV1 = "PROXY ";
constexpr std::string_view kBeginV2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr size_t kLengthAt = 14;

// §2.2, §2.2.1: of the 13th and the 14th byte, and of TLVs.
constexpr uint8_t kVersion = 0x20, kLocal = 0x20, kProxied = 0x21;
constexpr uint8_t kUnspecified = 0x00, kTcp4 = 0x11, kUdp4 = 0x12, kTcp6 = 0x21, kUdp6 = 0x22, kUnixStream = 0x31, kUnixDatagram = 0x32;
constexpr uint8_t kTlvChecksum = 0x03, kTlvSsl = 0x20;
constexpr uint8_t kClientSsl = 0x01; // of the first byte of PP2_TYPE_SSL
constexpr size_t kTlvHead = 3, kChecksumSize = 4, kSslHead = 5;

Step fail(const char **wrong, const char *text)
{
    *wrong = text;
    return {StepKind::kFail, 0, 0};
}

uint8_t octet(const char *at)
{
    return static_cast<uint8_t>(*at);
}

size_t number16(const char *at)
{
    return size_t{octet(at)} << 8 | octet(at + 1);
}

bool begins_alike(std::string_view seen, std::string_view begin)
{
    size_t common = std::min(seen.size(), begin.size());
    return seen.substr(0, common) == begin.substr(0, common);
}

// ---- version 1

/// The text up to the next space, or to the end, which it removes with that space.
std::string_view next_word(std::string_view &line)
{
    size_t space = line.find(' ');
    std::string_view word = line.substr(0, space);
    line = space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
    return word;
}

/// A decimal number up to 65535, without zeros in front.
bool parse_port(std::string_view text, uint16_t &out)
{
    uint32_t value = 0;
    for (char c : text) {
        if (!ascii::is(c, ascii::kDigit))
            return false;
        value = value * 10 + static_cast<uint32_t>(c - '0');
    }
    out = static_cast<uint16_t>(value);
    return !text.empty() && text.size() <= 5 && value <= UINT16_MAX && (text.size() == 1 || text[0] != '0');
}

bool parse_address(std::string_view text, bool ipv6, IpAddress &out)
{
    return (text.find(':') != std::string_view::npos) == ipv6 && IpAddress::parse(text, out);
}

/// What stands behind "PROXY ", without its CRLF. nullptr, or an error text.
const char *read_line(std::string_view line, Header &out)
{
    std::string_view protocol = next_word(line);
    if (protocol == "UNKNOWN") { // the rest says nothing (§2.1)
        out.from = Header::From::kUnknown;
        return nullptr;
    }
    bool ipv6 = protocol == "TCP6";
    if (!ipv6 && protocol != "TCP4")
        return "names a protocol other than TCP4, TCP6 and UNKNOWN";
    IpAddress destination;
    uint16_t port = 0;
    bool addresses = parse_address(next_word(line), ipv6, out.client.ip) && parse_address(next_word(line), ipv6, destination);
    if (!addresses)
        return ipv6 ? "has no two IPv6 addresses behind TCP6" : "has no two IPv4 addresses behind TCP4";
    if (!parse_port(next_word(line), out.client.port) || !parse_port(line, port))
        return "does not end with two ports";
    out.from = Header::From::kClient;
    return nullptr;
}

Step read_v1(std::string_view seen, Header &out, const char **wrong)
{
    size_t end = seen.substr(0, kMaxHeaderV1).find("\r\n");
    if (end == std::string_view::npos)
        return seen.size() < kMaxHeaderV1 ? Step{StepKind::kMore, seen.size(), 0} : fail(wrong, "has no CRLF within 107 bytes");
    if (end < kBeginV1.size())
        return fail(wrong, "names no protocol");
    *wrong = read_line(seen.substr(kBeginV1.size(), end - kBeginV1.size()), out);
    return *wrong ? Step{StepKind::kFail, 0, 0} : Step{StepKind::kMessage, end + 2, 0};
}

// ---- version 2

/// Whether the checksum that stands in the header at `at` is that of the header with 0 in its place (§2.2.3).
bool is_checksum(std::string_view header, size_t at)
{
    static constexpr char kZeros[kChecksumSize] = {};
    uint32_t crc = crc32c(header.data(), at);
    crc = crc32c(kZeros, sizeof kZeros, crc);
    crc = crc32c(header.data() + at + kChecksumSize, header.size() - at - kChecksumSize, crc);
    return crc == (number16(header.data() + at) << 16 | number16(header.data() + at + 2));
}

/// The TLVs from `at` on. nullptr, or an error text.
const char *read_tlvs(std::string_view header, size_t at, Header &out)
{
    while (at < header.size()) {
        if (header.size() - at < kTlvHead)
            return "ends within a TLV";
        uint8_t type = octet(header.data() + at);
        size_t size = number16(header.data() + at + 1);
        at += kTlvHead;
        if (size > header.size() - at)
            return "has a TLV that is longer than the rest of it";
        if (type == kTlvChecksum && (size != kChecksumSize || !is_checksum(header, at)))
            return "has a wrong checksum (PP2_TYPE_CRC32C)";
        if (type == kTlvSsl && size < kSslHead)
            return "has a PP2_TYPE_SSL of less than 5 bytes";
        if (type == kTlvSsl)
            out.tls = octet(header.data() + at) & kClientSsl;
        at += size;
    }
    return nullptr;
}

/// Of a whole header of a client's connection. nullptr, or an error text.
const char *read_client(std::string_view header, Header &out)
{
    uint8_t family = octet(header.data() + kLengthAt - 1);
    const char *addresses = header.data() + kMinHeaderV2; // source, destination, their ports
    size_t size = 0, ip_size = 0;
    switch (family) {
    case kUnspecified: // "ignore address information": there is no size behind which TLVs would begin
        out.from = Header::From::kUnknown;
        return nullptr;
    case kUnixStream:
    case kUnixDatagram:
        size = 216;
        break;
    case kTcp4:
    case kUdp4:
        ip_size = 4;
        size = 12;
        break;
    case kTcp6:
    case kUdp6:
        ip_size = IpAddress::kSize;
        size = 36;
        break;
    default:
        return "has an address family or a protocol that version 2 does not know";
    }
    if (header.size() - kMinHeaderV2 < size)
        return "is shorter than its addresses";
    out.from = ip_size > 0 ? Header::From::kClient : Header::From::kUnknown;
    if (ip_size > 0)
        out.client = {IpAddress::from_octets(addresses, ip_size), static_cast<uint16_t>(number16(addresses + 2 * ip_size))};
    return read_tlvs(header, kMinHeaderV2 + size, out);
}

Step read_v2(std::string_view seen, Header &out, const char **wrong)
{
    size_t command_at = kBeginV2.size();
    if (seen.size() > command_at) {
        uint8_t command = octet(seen.data() + command_at);
        if ((command & 0xf0) != kVersion)
            return fail(wrong, "has a version other than 1 and 2");
        if (command != kLocal && command != kProxied)
            return fail(wrong, "has a command other than LOCAL and PROXY");
    }
    if (seen.size() < kMinHeaderV2)
        return {StepKind::kMore, seen.size(), kMinHeaderV2};
    size_t size = kMinHeaderV2 + number16(seen.data() + kLengthAt);
    if (size > kMaxHeaderV2)
        return fail(wrong, "is longer than 4096 bytes");
    if (seen.size() < size)
        return {StepKind::kMore, seen.size(), size};
    if (octet(seen.data() + command_at) == kProxied)
        *wrong = read_client(seen.substr(0, size), out);
    return *wrong ? Step{StepKind::kFail, 0, 0} : Step{StepKind::kMessage, size, 0};
}

} // namespace

Step read_header(const char *data, size_t len, Header &out, const char **wrong)
{
    std::string_view seen(data, len);
    out = {};
    *wrong = nullptr;
    if (begins_alike(seen, kBeginV2))
        return len == 0 ? Step{StepKind::kMore, 0, 0} : read_v2(seen, out, wrong);
    if (begins_alike(seen, kBeginV1))
        return read_v1(seen, out, wrong);
    return fail(wrong, "is missing");
}

} // namespace wm::proxy
