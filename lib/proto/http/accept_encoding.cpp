#include "proto/http/accept_encoding.h"

#include "proto/ascii.h"
#include "proto/http/fields.h"

namespace wm::http {

namespace {

constexpr int kUnset = -1;

/// A qvalue (§12.4.2) in thousandths; kUnset: a syntax error.
int read_quality(std::string_view text)
{
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1') || (text.size() > 1 && text[1] != '.'))
        return kUnset;
    int value = text[0] - '0';
    for (size_t i = 2; i < 5; i++) {
        char digit = i < text.size() ? text[i] : '0';
        if (!ascii::is(digit, ascii::kDigit))
            return kUnset;
        value = value * 10 + (digit - '0');
    }
    return value <= 1000 ? value : kUnset;
}

/// Splits "coding;q=0.5"; the quality is 1000 without a weight.
int split(std::string_view member, std::string_view &coding)
{
    size_t semicolon = member.find(';');
    coding = ascii::trim(member.substr(0, semicolon));
    if (semicolon == std::string_view::npos)
        return 1000;
    std::string_view weight = ascii::trim(member.substr(semicolon + 1));
    return ascii::equal_fold(weight.substr(0, 2), "q=") ? read_quality(weight.substr(2)) : kUnset;
}

struct Name {
    std::string_view text;
    Coding coding;
};

constexpr Name kNames[] = {{"br", Coding::kBrotli},
                           {"gzip", Coding::kGzip},
                           {"x-gzip", Coding::kGzip}, // §8.4.1.3
                           {"identity", Coding::kIdentity}};

} // namespace

AcceptedCodings::AcceptedCodings(std::string_view fields) : qualities_{kUnset, kUnset, kUnset}
{
    int any = kUnset;
    size_t cursor = 0;
    std::string_view field, list, member, coding;
    while (field_at(fields, cursor, field, list)) {
        if (!ascii::equal_fold(field, "Accept-Encoding"))
            continue;
        while (next_member(list, member)) {
            int quality = split(member, coding);
            if (coding == "*")
                any = quality;
            for (const Name &name : kNames)
                if (ascii::equal_fold(coding, name.text))
                    qualities_[static_cast<size_t>(name.coding)] = quality;
        }
    }
    for (Coding each : {Coding::kBrotli, Coding::kGzip})
        if (int &quality = qualities_[static_cast<size_t>(each)]; quality == kUnset)
            quality = any == kUnset ? 0 : any;
    if (int &identity = qualities_[static_cast<size_t>(Coding::kIdentity)]; identity == kUnset)
        identity = any == 0 ? 0 : 1;
}

} // namespace wm::http
