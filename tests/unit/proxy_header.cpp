// The PROXY header, versions 1 and 2: what it says, cut at every byte, and wrong in every way.
#include "proto/proxy/proxy_header.h"

#include "core/crc32c.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm;
using namespace std::string_literals;
using From = proxy::Header::From;
using std::string;

constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
const string kIpv4 = "\xcb\0\x71\x07\x0a\0\0\x01\xc3\x51\x01\xbb"s; // 203.0.113.7:50001 to 10.0.0.1:443
const string kIpv6 = "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09"s + string(15, '\0') + "\x01\x10\x00\x00\x50"s;

string v2(char command, char family, const string &block)
{
    return string(kSignature) + command + family + static_cast<char>(block.size() >> 8) + static_cast<char>(block.size() & 255) + block;
}

string tlv(char type, const string &value)
{
    return type + ""s + static_cast<char>(value.size() >> 8) + static_cast<char>(value.size() & 255) + value;
}

struct Outcome {
    Step step;
    proxy::Header header;
    string wrong;
};

/// Sees a copy of exactly these bytes.
Outcome read(const string &bytes, size_t len)
{
    std::unique_ptr<char[]> copy(new char[len]);
    bytes.copy(copy.get(), len);
    Outcome out;
    const char *wrong = nullptr;
    out.step = proxy::read_header(copy.get(), len, out.header, &wrong);
    assert_int_equal(out.step.kind == StepKind::kFail, wrong != nullptr);
    out.wrong = wrong ? wrong : "";
    return out;
}

/// Each part of the header is incomplete, and what follows it is not looked at.
Outcome read_whole(const string &header)
{
    for (size_t len = 0; len < header.size(); len++) {
        Outcome part = read(header, len);
        if (part.step.kind != StepKind::kMore || part.step.size != len || (part.step.need != 0 && part.step.need <= len))
            fail_msg("%zu of %zu bytes: kind %d, %s", len, header.size(), static_cast<int>(part.step.kind), part.wrong.c_str());
    }
    for (const char *behind : {"", "P", "\r\n\r\n", "GET / HTTP/1.1\r\n"}) {
        Outcome whole = read(header + behind, header.size() + strlen(behind));
        if (whole.step.kind != StepKind::kMessage || whole.step.size != header.size())
            fail_msg("kind %d, size %zu of %zu: %s", static_cast<int>(whole.step.kind), whole.step.size, header.size(),
                     whole.wrong.c_str());
    }
    return read(header, header.size());
}

IpPort address(const char *ip, uint16_t port)
{
    IpPort out;
    assert_true(IpAddress::parse(ip, out.ip));
    out.port = port;
    return out;
}

void expect(const string &header, From from, const IpPort &client, bool tls = false)
{
    Outcome out = read_whole(header);
    assert_true(out.header.from == from);
    assert_true(out.header.client == client);
    assert_int_equal(out.header.tls, tls);
}

void a_header_tells_the_client(void **)
{
    expect("PROXY TCP4 203.0.113.7 10.0.0.1 50001 443\r\n", From::kClient, address("203.0.113.7", 50001));
    expect("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", From::kClient, address("255.255.255.255", 65535));
    expect("PROXY TCP6 2001:db8::9 ::1 0 80\r\n", From::kClient, address("2001:db8::9", 0));
    expect("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n", From::kClient,
           address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535));
    expect(v2(0x21, 0x11, kIpv4), From::kClient, address("203.0.113.7", 50001));
    expect(v2(0x21, 0x12, kIpv4), From::kClient, address("203.0.113.7", 50001));
    expect(v2(0x21, 0x21, kIpv6), From::kClient, address("2001:db8::9", 4096));
    expect(v2(0x21, 0x22, kIpv6), From::kClient, address("2001:db8::9", 4096));
}

void without_an_address_nobody_is_told(void **)
{
    for (const char *header : {"PROXY UNKNOWN\r\n", "PROXY UNKNOWN ffff::1 what ever\rstands here 1\r\n"})
        expect(header, From::kUnknown, {});
    expect("PROXY UNKNOWN " + string(107 - 16, 'x') + "\r\n", From::kUnknown, {});
    expect(v2(0x21, 0x00, ""), From::kUnknown, {});
    expect(v2(0x21, 0x00, "\x20no TLVs"), From::kUnknown, {});
    expect(v2(0x21, 0x31, string(216, 'x')), From::kUnknown, {});
    expect(v2(0x21, 0x32, string(216, 'x') + tlv(0x20, "\1\0\0\0\0"s)), From::kUnknown, {}, true);
    expect(v2(0x20, 0x00, ""), From::kProxy, {});
    expect(v2(0x20, 0x11, kIpv4 + tlv(0x03, "1234")), From::kProxy, {}); // the block of LOCAL is skipped
    expect(v2(0x20, '\x7f', "any"), From::kProxy, {});
}

/// The header with its checksum in a TLV in front of others.
string with_checksum(const string &tlvs)
{
    string header = v2(0x21, 0x11, kIpv4 + tlv(0x03, "\0\0\0\0"s) + tlvs);
    uint32_t crc = crc32c(header.data(), header.size());
    for (size_t i = 0; i < 4; i++)
        header[16 + 12 + 3 + i] = static_cast<char>(crc >> (24 - 8 * i));
    return header;
}

void tlvs_are_skipped_but_tls_and_the_checksum(void **)
{
    assert_true(crc32c("123456789", 9) == 0xe3069283);
    assert_true(crc32c("6789", 4, crc32c("12345", 5)) == 0xe3069283);
    IpPort client = address("203.0.113.7", 50001);
    string ssl = tlv(0x20, "\x05\0\0\0\0"s + tlv(0x21, "TLSv1.3") + tlv(0x22, "example"));
    expect(v2(0x21, 0x11, kIpv4 + tlv(0x04, "") + tlv(0x02, "example.com") + tlv('\xea', string(300, 'x'))), From::kClient, client);
    expect(v2(0x21, 0x11, kIpv4 + ssl), From::kClient, client, true);
    expect(v2(0x21, 0x11, kIpv4 + tlv(0x20, "\x02\0\0\0\0"s)), From::kClient, client, false);
    expect(with_checksum(ssl), From::kClient, client, true);
    expect(v2(0x21, 0x11, kIpv4 + tlv(0x04, string(4096 - 16 - 12 - 3, 'x'))), From::kClient, client); // as long as may be
    string checked = with_checksum(ssl);
    for (size_t at = 16; at < checked.size(); at++) {
        string changed = checked;
        changed[at] = static_cast<char>(changed[at] ^ 0x10);
        Outcome out = read(changed, changed.size());
        bool tells_of_length = at > 27; // a changed TLV may end elsewhere, or be another
        if (out.step.kind == StepKind::kMessage && !tells_of_length)
            fail_msg("a change of byte %zu is not seen", at);
        if (!tells_of_length)
            assert_string_equal(out.wrong.c_str(), "has a wrong checksum (PP2_TYPE_CRC32C)");
    }
}

void what_is_no_header_is_refused(void **)
{
    const struct {
        string bytes;
        const char *wrong;
    } rows[] = {
        {"GET / HTTP/1.1\r\n", "is missing"},
        {"\x16\x03\x01", "is missing"},
        {"proxy TCP4", "is missing"},
        {"PROXY\t", "is missing"},
        {"\r\n\r\n\0\r\nQUIZ"s, "is missing"},
        {"PROXY \r\n", "names a protocol other than TCP4, TCP6 and UNKNOWN"},
        {"PROXY TCP5 1.1.1.1 2.2.2.2 1 2\r\n", "names a protocol other than TCP4, TCP6 and UNKNOWN"},
        {"PROXY UDP4 1.1.1.1 2.2.2.2 1 2\r\n", "names a protocol other than TCP4, TCP6 and UNKNOWN"},
        {"PROXY  TCP4 1.1.1.1 2.2.2.2 1 2\r\n", "names a protocol other than TCP4, TCP6 and UNKNOWN"},
        {"PROXY TCP4 ::1 ::1 1 2\r\n", "has no two IPv4 addresses behind TCP4"},
        {"PROXY TCP4 1.1.1.1 ::1 1 2\r\n", "has no two IPv4 addresses behind TCP4"},
        {"PROXY TCP4  1.1.1.1 2.2.2.2 1 2\r\n", "has no two IPv4 addresses behind TCP4"},
        {"PROXY TCP4 1.1.1.1\r\n", "has no two IPv4 addresses behind TCP4"},
        {"PROXY TCP4 1.1.1 2.2.2.2 1 2\r\n", "has no two IPv4 addresses behind TCP4"},
        {"PROXY TCP4 1.1.1.1\0 2.2.2.2 1 2\r\n"s, "has no two IPv4 addresses behind TCP4"},
        {"PROXY TCP6 1.1.1.1 2.2.2.2 1 2\r\n", "has no two IPv6 addresses behind TCP6"},
        {"PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n", "has no two IPv6 addresses behind TCP6"},
        {"PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n", "does not end with two ports"},
        {"PROXY TCP4 1.1.1.1 2.2.2.2 1 65536\r\n", "does not end with two ports"},
        {"PROXY TCP4 1.1.1.1 2.2.2.2 01 2\r\n", "does not end with two ports"},
        {"PROXY TCP4 1.1.1.1 2.2.2.2 -1 2\r\n", "does not end with two ports"},
        {"PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3\r\n", "does not end with two ports"},
        {"PROXY TCP4 1.1.1.1 2.2.2.2 1 2 \r\n", "does not end with two ports"},
        {"PROXY TCP4 1.1.1.1 2.2.2.2 1 2\rx\r\n", "does not end with two ports"},
        {"PROXY UNKNOWN" + string(107 - 14, 'x') + "\r\n", "has no CRLF within 107 bytes"},
        {"PROXY TCP4 1.1.1.1 2.2.2.2 1 2\n" + string(100, 'x'), "has no CRLF within 107 bytes"},
        {string(kSignature) + "\x11", "has a version other than 1 and 2"},
        {string(kSignature) + "\x31", "has a version other than 1 and 2"},
        {string(kSignature) + "\x22", "has a command other than LOCAL and PROXY"},
        {v2(0x21, 0x13, kIpv4), "has an address family or a protocol that version 2 does not know"},
        {v2(0x21, 0x10, kIpv4), "has an address family or a protocol that version 2 does not know"},
        {v2(0x21, 0x41, kIpv4), "has an address family or a protocol that version 2 does not know"},
        {v2(0x21, 0x11, kIpv4.substr(1)), "is shorter than its addresses"},
        {v2(0x21, 0x21, kIpv4), "is shorter than its addresses"},
        {v2(0x21, 0x31, kIpv4), "is shorter than its addresses"},
        {v2(0x21, 0x11, kIpv4 + "\4\0"s), "ends within a TLV"},
        {v2(0x21, 0x11, kIpv4 + "\4\0\1"s), "has a TLV that is longer than the rest of it"},
        {v2(0x21, 0x11, kIpv4 + tlv(0x03, "123")), "has a wrong checksum (PP2_TYPE_CRC32C)"},
        {v2(0x21, 0x11, kIpv4 + tlv(0x03, "1234")), "has a wrong checksum (PP2_TYPE_CRC32C)"},
        {v2(0x21, 0x11, kIpv4 + tlv(0x20, "1234")), "has a PP2_TYPE_SSL of less than 5 bytes"},
        {string(kSignature) + "\x21\x11\x0f\xf1"s, "is longer than 4096 bytes"},
        {string(kSignature) + "\x21\x11\xff\xff"s, "is longer than 4096 bytes"},
    };
    for (const auto &row : rows) {
        Outcome out = read(row.bytes, row.bytes.size());
        if (out.wrong != row.wrong)
            fail_msg("'%s' is said to be: '%s', not '%s'", row.bytes.c_str(), out.wrong.c_str(), row.wrong);
    }
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_tells_the_client),
        cmocka_unit_test(without_an_address_nobody_is_told),
        cmocka_unit_test(tlvs_are_skipped_but_tls_and_the_checksum),
        cmocka_unit_test(what_is_no_header_is_refused),
    };
    return cmocka_run_group_tests_name("proxy header", tests, nullptr, nullptr);
}
