// Bodies in pieces against joined bodies: the same requests, bodies, trailers and refusals, however the bytes are cut. The first octet is
// the number of cuts, the octets behind it are their distances; then come two for the limits. The rest is the stream, in which low octets
// stand for what requests are made of.
#include "unit/http_pieces.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>

namespace {

std::string expand(std::string_view octets)
{
    const std::string tokens[] = {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
                                  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n",
                                  "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                                  "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
                                  "0\r\n",
                                  "3\r\nabc\r\n",
                                  "1388\r\n" + std::string(5000, 'l') + "\r\n",
                                  "a;b=\"c\"\r\n",
                                  "0123456789\r\n",
                                  "\r\n",
                                  "X: y\r\n",
                                  "Content-Length: 5\r\n",
                                  "ffff"};
    std::string out;
    for (char octet : octets)
        if (static_cast<unsigned char>(octet) < std::size(tokens))
            out += tokens[static_cast<unsigned char>(octet)];
        else
            out += octet;
    return out;
}

void check(const std::string &joined, const std::string &pieces)
{
    if (joined == pieces)
        return;
    std::fprintf(stderr, "joined:\n%s\npieces:\n%s\n", joined.c_str(), pieces.c_str());
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    wm::http::Limits joined{128 + size_t{data[1]}, data[2] % 8u, size_t{data[2]} * 64};
    wm::http::Limits pieces = joined;
    pieces.stream_body = true;
    size_t count = std::min<size_t>(data[0] % 32, size - 3);
    const uint8_t *distances = data + 3;
    std::string stream = expand({reinterpret_cast<const char *>(distances) + count, size - 3 - count});
    std::string want = http_pieces::play(joined, stream).log;
    check(want, http_pieces::play(pieces, stream).log);
    check(want, http_pieces::play(pieces, stream, 0, 1).log);
    http_pieces::Player player(pieces);
    size_t at = 0;
    for (size_t i = 0; i < count && at < stream.size(); at += distances[i++])
        player.arrive(std::string_view(stream).substr(at, distances[i]));
    if (at < stream.size())
        player.arrive(std::string_view(stream).substr(at));
    check(want, player.result().log);
    return 0;
}
