// The walks over names with values, and the head of a part: against a reading by std::string where the syntax is simple, and for all of
// them: what is decoded has room in as many bytes as are raw, and the slices are of the input, in its order. The first octet chooses.
#include "fuzz_check.h"
#include "fuzz_input.h"
#include "proto/ascii.h"
#include "proto/http/cookies.h"
#include "proto/http/disposition.h"
#include "proto/http/fields.h"
#include "proto/http/form_pairs.h"
#include "proto/http/media_type.h"
#include "proto/http/percent.h"
#include "proto/utf8.h"

#include <cstdint>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using fuzz::check;
using std::string;
using std::string_view;
using Pairs = std::vector<std::pair<string, string>>;

/// Decodes into as many bytes as are raw, so that AddressSanitizer finds one more.
template <class Decode> string decoded(string_view raw, Decode decode)
{
    std::unique_ptr<char[]> out(new char[raw.size()]);
    char *end = decode(out.get(), raw);
    check(end >= out.get() && end <= out.get() + raw.size(), "more is decoded than is raw");
    return {out.get(), end};
}

/// Checks that text is a slice of `of`, from `at` on, and moves `at` behind it.
void check_slice(string_view text, string_view of, size_t &at)
{
    size_t begin = static_cast<size_t>(text.data() - of.data());
    check(text.empty() || (begin >= at && begin + text.size() <= of.size()), "a slice that is not of the input, or out of order");
    if (!text.empty())
        at = begin + text.size();
}

template <class Walk> Pairs walked(Walk walk, string_view text)
{
    Pairs pairs;
    size_t at = 0;
    for (wm::http::Pair raw; walk.next(raw);) {
        check_slice(raw.name, text, at);
        check_slice(raw.value, text, at);
        pairs.emplace_back(decoded(raw.name, Walk::decode_name), decoded(raw.value, Walk::decode_value));
    }
    return pairs;
}

std::vector<string> pieces_of(string_view text, char separator)
{
    std::vector<string> pieces;
    std::istringstream in{string(text)};
    for (string piece; std::getline(in, piece, separator);)
        pieces.push_back(piece);
    return pieces;
}

string form_text(string text)
{
    string out;
    for (size_t i = 0; i < text.size(); i++) {
        unsigned octet = 0;
        int used = 0;
        string digits = text.substr(i + 1, 2);
        bool both = digits.size() == 2 && digits.find_first_not_of("0123456789abcdefABCDEF") == string::npos;
        if (text[i] == '%' && both && std::sscanf(digits.c_str(), "%2x%n", &octet, &used) == 1 && used == 2) {
            out += static_cast<char>(octet);
            i += 2;
        } else {
            out += text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

void form_pairs(string_view text)
{
    Pairs expected;
    for (const string &piece : pieces_of(text, '&')) {
        size_t equals = piece.find('=');
        if (!piece.empty())
            expected.emplace_back(form_text(piece.substr(0, equals)), equals == string::npos ? "" : form_text(piece.substr(equals + 1)));
    }
    check(walked(wm::http::FormPairs(text), text) == expected, "other pairs than the form has");
}

/// Header lines as a parser has checked them; empty if they are none.
string_view checked_fields(string_view text)
{
    const char *end = text.data() + text.size();
    for (const char *at = text.data(); at != end;) {
        string_view name, value;
        if (wm::http::check_field(at, end, name, value))
            return {};
    }
    return text;
}

void cookies(string_view text)
{
    string one = "cookie:" + string(text) + "\r\n";
    string_view fields = checked_fields(one);
    Pairs expected;
    for (const string &piece : pieces_of(fields.empty() ? string_view() : text, ';')) {
        size_t equals = piece.find('=');
        string name(wm::ascii::trim(string_view(piece).substr(0, equals)));
        if (equals != string::npos && !name.empty())
            expected.emplace_back(name, wm::ascii::trim(string_view(piece).substr(equals + 1)));
    }
    // Lines of the input's own end up with others in one walk.
    if (text.find('\n') == string_view::npos)
        check(walked(wm::http::Cookies(fields), fields) == expected, "other cookies than the field has");
    walked(wm::http::Cookies(checked_fields(text)), text);
}

void media_type(string_view text)
{
    wm::http::MediaType type(text);
    Pairs pairs = walked(type, text);
    wm::http::Pair raw;
    while (type.next(raw)) {
    }
    check(!pairs.empty() || type.wrong(), "a type without a type, and without an error");
    for (size_t i = 0; i < pairs.size(); i++)
        check((pairs[i].first.find('/') != string::npos) == (i == 0), "a type in the place of a parameter");
    if (type.wrong())
        return;
    // Written again it is the same.
    string again = pairs[0].first;
    for (size_t i = 1; i < pairs.size(); i++) {
        again += ";" + pairs[i].first + "=\"";
        for (char c : pairs[i].second)
            again.append(c == '"' || c == '\\' ? "\\" : "").append(1, c);
        again += '"';
    }
    check(walked(wm::http::MediaType(again), again) == pairs, "a media type that is another when it is written again");
}

void part_head(string_view text)
{
    string_view fields = checked_fields(text);
    wm::http::PartHead head;
    if (const char *wrong = wm::http::read_part_head(fields, head)) {
        check(*wrong != '\0', "an error without a text");
        return;
    }
    std::unique_ptr<char[]> out(new char[head.text_size()]);
    char *name_end = wm::http::decode_part_name(out.get(), head);
    char *end = wm::http::decode_part_filename(name_end, head);
    check(name_end >= out.get() && end >= name_end && end <= out.get() + head.text_size(), "more is decoded than is raw");
    check(head.name.data(), "a part without a name");
    string_view both(out.get(), static_cast<size_t>(end - out.get()));
    for (char c : both)
        check(c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != 0x7f), "a control character in a name");
    if (head.filename_ext.data())
        check(wm::is_utf8(name_end, static_cast<size_t>(end - name_end)), "a filename* that is not UTF-8");
}

void path(string_view text)
{
    std::unique_ptr<char[]> out(new char[text.size()]);
    char *end = wm::http::decode_path(out.get(), text);
    bool valid = text.find('\0') == string_view::npos && text.find("%00") == string_view::npos;
    for (size_t at = 0; (at = text.find('%', at)) != string_view::npos; at++)
        if (wm::http::percent_octet(text, at) < 0)
            valid = false;
        else
            at += 2;
    check(valid == (end != nullptr), "a path is taken, or refused, that is not to be");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz::Input input(data, size);
    void (*const targets[])(string_view) = {form_pairs, cookies, media_type, part_head, path};
    auto target = targets[input.octet() % std::size(targets)];
    std::unique_ptr<char[]> exact(new char[input.rest().size()]);
    input.rest().copy(exact.get(), input.rest().size());
    target({exact.get(), input.rest().size()});
    return 0;
}
