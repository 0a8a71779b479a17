// What a request says about the representation that it wants: Range, conditions, codings, dates. A range is inside of the representation, a
// date that is taken is the one that its own text in our form says, and conditions follow their precedence.
#include "fuzz/fuzz_input.h"
#include "proto/http/accept_encoding.h"
#include "proto/http/byte_range.h"
#include "proto/http/conditions.h"
#include "proto/http/fields.h"
#include "proto/http/http_date.h"
#include "proto/http/media_types.h"
#include "proto/http/response_writer.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr int64_t kNow = 1790000000;

void require(bool holds)
{
    if (!holds)
        std::abort();
}

void check_range(std::string_view text, uint64_t size)
{
    wm::http::ByteRange range = {0, 0};
    if (wm::http::parse_range(text, size, range) == wm::http::RangeOutcome::kPart)
        require(range.length > 0 && range.offset < size && range.length <= size - range.offset);
}

void check_date(std::string_view text)
{
    int64_t seconds = 0, again = 0;
    if (!wm::http::parse_date(text, kNow, seconds) || seconds < 0)
        return;
    char written[wm::http::kDateSize];
    wm::http::format_date(static_cast<time_t>(seconds), written);
    require(wm::http::parse_date({written, sizeof written}, kNow, again) && (again == seconds || seconds > 253402300799));
}

/// Lines as a parser would let them through.
std::string fields_of(fuzz::Input &input)
{
    static constexpr const char *kNames[] = {"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since",
                                             "If-Range", "Range",         "Accept-Encoding",   "Host"};
    static constexpr const char *kValues[] = {"*",
                                              "\"x\"",
                                              "W/\"x\"",
                                              "\"y\", \"x\"",
                                              "Sun, 06 Nov 1994 08:49:37 GMT",
                                              "Sunday, 06-Nov-94 08:49:36 GMT",
                                              "gzip, br;q=0.5",
                                              "bytes=0-1,2-"};
    std::string lines;
    for (unsigned count = input.octet() % 5; count > 0; count--) {
        lines += std::string(kNames[input.octet() % 8]) + ": ";
        unsigned choice = input.octet();
        std::string_view value = choice < 128 ? std::string_view(kValues[choice % 8]) : input.take(choice - 128);
        for (char c : value)
            lines += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
        lines += "\r\n";
    }
    return lines;
}

void check_conditions(std::string_view fields, const char *etag)
{
    wm::http::Validators present = {etag, 784111777, kNow};
    int safe = wm::http::evaluate_conditions(fields, present, true), unsafe = wm::http::evaluate_conditions(fields, present, false);
    require(safe == 0 || safe == 304 || safe == 412);
    require(unsafe == 0 || unsafe == 412);
    require(safe != 412 || unsafe == 412); // what fails for all methods comes first
    std::string_view ignored;
    bool first = wm::http::find_field(fields, "If-Match", ignored) || wm::http::find_field(fields, "If-Unmodified-Since", ignored);
    require(safe != 412 || first);
    require(safe != 304 || wm::http::find_field(fields, "If-None-Match", ignored) ||
            wm::http::find_field(fields, "If-Modified-Since", ignored));
    require(wm::http::range_applies(fields, present) || wm::http::find_field(fields, "If-Range", ignored));
    wm::http::AcceptedCodings codings(fields);
    for (wm::http::Coding each : {wm::http::Coding::kBrotli, wm::http::Coding::kGzip, wm::http::Coding::kIdentity})
        require(codings.quality(each) >= 0 && codings.quality(each) <= 1000);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz::Input input(data, size);
    uint64_t bytes = uint64_t{input.octet()} << (input.octet() % 56);
    std::string_view rest = input.rest();
    std::vector<char> exact(rest.begin(), rest.end()); // of exactly its size, for the sanitizer
    std::string_view text(exact.data(), exact.size());
    check_range(text, bytes);
    std::string ranges = "bytes=" + std::string(text);
    check_range(ranges, bytes);
    check_date(text);
    wm::http::is_entity_tag(text);
    wm::http::MediaTypes types(text);
    types.find(wm::http::extension_of(text));
    std::string fields = fields_of(input);
    check_conditions(fields, "\"x\"");
    check_conditions(fields, "W/\"x\"");
    return 0;
}
