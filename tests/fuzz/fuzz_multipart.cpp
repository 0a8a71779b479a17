// MultipartParser against a reading of the whole body by std::string: the same parts and the same verdict, however the bytes are cut.
// form_input.h has what the input is.
#include "form_input.h"
#include "proto/http/fields.h"
#include "unit/multipart_feed.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace {

using fuzz::check_same;
using std::string;
using std::string_view;

struct Reading {
    string log;
    bool refused = true;
};

/// Skips white space, and takes the CRLF behind it.
bool take_line_end(string_view text, size_t &at)
{
    at = std::min(text.find_first_not_of(" \t", at), text.size());
    if (text.substr(at, 2) != "\r\n")
        return false;
    at += 2;
    return true;
}

/// The lines of a head up to its blank line; false: there is none within the limit, or a line is malformed.
bool take_head(string_view text, size_t &at, size_t most, string_view &fields)
{
    size_t end = text.substr(at, 2) == "\r\n" ? at : text.find("\r\n\r\n", at);
    end += end > at && end != string_view::npos ? 2 : 0;
    if (end == string_view::npos || end + 2 - at > most)
        return false;
    fields = text.substr(at, end - at);
    for (const char *line = fields.data(); line != fields.data() + fields.size();) {
        string_view name, value;
        if (wm::http::check_field(line, fields.data() + fields.size(), name, value))
            return false;
    }
    at = end + 2;
    return true;
}

/// What the rules say.
Reading reference(string_view boundary, string_view body, const wm::http::MultipartLimits &limits)
{
    const string all = "\r\n" + string(body);
    const string_view text = all;
    const string delimiter = "\r\n--" + string(boundary);
    Reading reading;
    size_t parts = 0;
    size_t at = text.find(delimiter);
    for (;;) {
        if (at == string_view::npos)
            return reading;
        at += delimiter.size();
        if (text.substr(at, 2) == "--") {
            at = std::min(text.find_first_not_of(" \t", at + 2), text.size());
            reading.refused = at != text.size() && text.substr(at, 2) != "\r\n";
            reading.log += "end";
            return reading;
        }
        string_view fields;
        wm::http::PartHead head;
        if (!take_line_end(text, at) || parts++ == limits.max_parts || !take_head(text, at, limits.max_part_header_bytes, fields) ||
            wm::http::read_part_head(fields, head))
            return reading;
        size_t end = text.find(delimiter, at - 2);
        if (end == string_view::npos)
            return reading;
        reading.log += multipart_feed::describe(head) + (end < at ? string() : string(text.substr(at, end - at))) + "\n";
        at = end;
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto [boundary, limits, body, cuts] = fuzz::take_form(data, size);
    Reading expected = reference(boundary, body, limits);
    multipart_feed::Outcome whole = multipart_feed::play(boundary, body, {}, limits);
    for (const multipart_feed::Outcome &cut :
         {multipart_feed::play(boundary, body, cuts, limits), multipart_feed::dribble(boundary, body, limits)}) {
        check_same(!whole.broken && !cut.broken, "the contract is broken", whole.log, cut.log);
        check_same(whole.log == cut.log, "the outcome hangs on the cuts", whole.log, cut.log);
    }
    check_same(whole.refused == expected.refused, "another verdict", expected.log, whole.log);
    check_same(whole.refused || whole.log == expected.log, "other parts than the body has", expected.log, whole.log);
    return 0;
}
