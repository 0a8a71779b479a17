// Feeds a hostile body to MultipartParser, for a test that counts the instructions that it costs.
//
//   multipart_cost KIND BYTES PIECE
//
// Fed in pieces of PIECE bytes, with what the parser leaves of a head in front, as a connection does. Prints the parts, and the bytes.
#include "proto/http/multipart.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using std::string;
using std::string_view;
using wm::http::MultipartStep;

constexpr wm::http::MultipartLimits kLimits{1 << 20, 8 << 10};
const string kBoundary(wm::http::MultipartParser::kMaxBoundary, '-');

string repeated(string_view unit, size_t bytes)
{
    string out;
    while (out.size() + unit.size() <= bytes)
        out += unit;
    return out;
}

string body_of(string_view kind, size_t bytes)
{
    const string delimiter = "\r\n--" + kBoundary;
    const string head = "--" + kBoundary + "\r\nContent-Disposition: form-data; name=a\r\n\r\n";
    const string end = delimiter + "--\r\n";
    if (kind == "almost") // all but the last octet of the boundary
        return head + repeated(string_view(delimiter).substr(0, delimiter.size() - 1), bytes) + end;
    if (kind == "cr")
        return head + repeated("\r", bytes) + end;
    if (kind == "preamble")
        return repeated("\r\n--", bytes) + "\r\n" + head + end;
    if (kind == "parts")
        return repeated(head, bytes) + head + end;
    string part = head.substr(0, head.size() - 2) + "X: " + string(7 << 10, 'x') + "\r\n\r\n\r\n"; // kind == "heads"
    return repeated(part, bytes) + head + end;
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    const string body = body_of(argv[1], std::strtoul(argv[2], nullptr, 10));
    size_t piece = std::strtoul(argv[3], nullptr, 10);
    wm::http::MultipartParser parser(kBoundary);
    size_t parts = 0;
    size_t data = 0;
    size_t begin = 0; // what has not been consumed begins here
    for (size_t end = 0; end < body.size();) {
        end = std::min(end + piece, body.size());
        for (;;) {
            MultipartStep step = parser.step(body.data() + begin, end - begin, kLimits);
            begin += step.size;
            parts += step.kind == MultipartStep::kPart;
            data += step.data.size();
            if (step.kind == MultipartStep::kFail)
                return std::puts(parser.failure()), 1;
            if (step.kind == MultipartStep::kMore)
                break;
        }
    }
    std::printf("%zu parts, %zu bytes of data, body of %zu\n", parts, data, body.size());
    return parser.finish() ? 0 : 1;
}
