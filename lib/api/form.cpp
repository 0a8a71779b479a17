#include "wm/form.h"

#include "api/request.h"
#include "proto/ascii.h"
#include "proto/http/fields.h"
#include "proto/http/form_body.h"

using namespace wm;

namespace {

/// Where an accessor by index puts what it has found.
struct PairOut {
    const void **name;
    size_t *name_len;
    const void **value;
    size_t *value_len;

    const char *missing() const { return !name ? "name" : !name_len ? "name_len" : !value ? "value" : !value_len ? "value_len" : nullptr; }
    int take(const http::Pair &pair) const
    {
        hand_out(pair.name, name, name_len);
        hand_out(pair.value, value, value_len);
        return 1;
    }
};

/// Calls body(block) with the values of a request.
template <class Body> int with_values(wm_request id, ValueKind kind, Body body)
{
    return with_readable(id, [&](HttpRequests &requests, HttpRequest &request) {
        const ValueBlock *block = nullptr;
        int wrong = requests.values(request, kind, block);
        return wrong ? wrong : body(*block);
    });
}

template <class Body> int with_form(wm_request id, Body body)
{
    return with_readable(id, [&](HttpRequests &requests, HttpRequest &request) {
        FormFields form;
        int wrong = requests.form(request, form);
        return wrong ? wrong : body(form);
    });
}

/// A lookup by name: finds the first of count pairs whose name is it.
template <class At> int find_pair(const char *name, size_t count, At at, const void **out, size_t *len)
{
    std::string_view wanted(name);
    for (size_t i = 0; i < count; i++) {
        http::Pair pair = at(i);
        if (pair.name == wanted)
            return hand_out_found(true, pair.value, out, len);
    }
    return hand_out_found(false, {}, out, len);
}

int missing_lookup(const char *name, const void **out, const size_t *len)
{
    return !name ? null_argument("name") : !out ? null_argument("out") : !len ? null_argument("len") : 0;
}

int pair_at(wm_request request, ValueKind kind, size_t index, const PairOut &out)
{
    if (const char *missing = out.missing())
        return null_argument(missing);
    return with_values(request, kind, [&](const ValueBlock &block) { return index < block.count ? out.take(block.pair(index)) : 0; });
}

int pair_value(wm_request request, ValueKind kind, const char *name, const void **out, size_t *len)
{
    if (int wrong = missing_lookup(name, out, len))
        return wrong;
    return with_values(request, kind, [&](const ValueBlock &block) {
        return find_pair(
            name, block.count, [&](size_t i) { return block.pair(i); }, out, len);
    });
}

void fill(wm_part &out, const RequestPart &part, std::string_view body)
{
    hand_out(part.name, &out.name, &out.name_len);
    out.filename = part.filename.data();
    out.filename_len = part.filename.size();
    hand_out(part.type.in(body), &out.type, &out.type_len);
    hand_out(part.fields.in(body), &out.headers, &out.headers_len);
    hand_out(part.data.in(body), &out.data, &out.data_len);
    out.path = nullptr;
    out.fd = -1;
    out.error = 0;
    out.size = static_cast<int64_t>(out.data_len);
}

/// Fills the caller's parts of a body.
struct PartSink {
    wm_part *parts;
    char *text; ///< of the decoded names, up to text_end
    char *text_end;
    size_t count = 0;
    bool full = false;

    void take(const http::MultipartParser &parser, const http::MultipartStep &step)
    {
        if (full)
            return;
        if (step.kind == http::MultipartStep::kPart)
            begin(parser.part());
        else if (step.kind == http::MultipartStep::kData)
            hand_out(step.data, &parts[count].data, &parts[count].data_len);
        else
            end(parts[count++]);
    }

private:
    void begin(const http::PartHead &head)
    {
        full = head.text_size() > static_cast<size_t>(text_end - text);
        if (full)
            return;
        wm_part &part = parts[count];
        part = {};
        part.fd = -1;
        char *end = http::decode_part_name(text, head);
        hand_out({text, static_cast<size_t>(end - text)}, &part.name, &part.name_len);
        text = end;
        if (head.is_file()) {
            end = http::decode_part_filename(text, head);
            hand_out({text, static_cast<size_t>(end - text)}, &part.filename, &part.filename_len);
            text = end;
        }
        hand_out(head.type, &part.type, &part.type_len);
        hand_out(head.fields, &part.headers, &part.headers_len);
        hand_out({head.fields.data() + head.fields.size(), 0}, &part.data, &part.data_len);
    }
    static void end(wm_part &part) { part.size = static_cast<int64_t>(part.data_len); }
};

} // namespace

int wm_request_path_decoded(wm_request request, const void **out, size_t *len)
{
    if (!out || !len)
        return null_argument(out ? "len" : "out");
    return with_readable(request, [&](HttpRequests &requests, HttpRequest &self) {
        std::string_view path = self.slices.path;
        if (path.find('%') == std::string_view::npos)
            return hand_out(path, out, len);
        const ValueBlock *block = nullptr;
        int wrong = requests.values(self, ValueKind::kPath, block);
        return wrong ? wrong : hand_out(block->pair(0).name, out, len);
    });
}

int wm_request_query_at(wm_request request, size_t index, const void **name, size_t *name_len, const void **value, size_t *value_len)
{
    return pair_at(request, ValueKind::kQuery, index, {name, name_len, value, value_len});
}

int wm_request_query_value(wm_request request, const char *name, const void **out, size_t *len)
{
    return pair_value(request, ValueKind::kQuery, name, out, len);
}

int wm_request_form_at(wm_request request, size_t index, const void **name, size_t *name_len, const void **value, size_t *value_len)
{
    PairOut out{name, name_len, value, value_len};
    if (const char *missing = out.missing())
        return null_argument(missing);
    return with_form(request, [&](const FormFields &form) { return index < form.count() ? out.take(form.at(index)) : 0; });
}

int wm_request_form_value(wm_request request, const char *name, const void **out, size_t *len)
{
    if (int wrong = missing_lookup(name, out, len))
        return wrong;
    return with_form(request, [&](const FormFields &form) {
        return find_pair(
            name, form.count(), [&](size_t i) { return form.at(i); }, out, len);
    });
}

int wm_request_cookie_at(wm_request request, size_t index, const void **name, size_t *name_len, const void **value, size_t *value_len)
{
    return pair_at(request, ValueKind::kCookies, index, {name, name_len, value, value_len});
}

int wm_request_cookie(wm_request request, const char *name, const void **out, size_t *len)
{
    return pair_value(request, ValueKind::kCookies, name, out, len);
}

int wm_request_media_type(wm_request request, const void **out, size_t *len)
{
    if (!out || !len)
        return null_argument(out ? "len" : "out");
    return with_values(request, ValueKind::kMedia, [&](const ValueBlock &media) {
        return hand_out_found(media.count > 0, media.count > 0 ? media.pair(0).name : std::string_view(), out, len);
    });
}

int wm_request_media_parameter(wm_request request, const char *name, const void **out, size_t *len)
{
    if (int wrong = missing_lookup(name, out, len))
        return wrong;
    return with_values(request, ValueKind::kMedia, [&](const ValueBlock &media) {
        for (size_t i = 1; i < media.count; i++)
            if (ascii::equal_fold(media.pair(i).name, name))
                return hand_out_found(true, media.pair(i).value, out, len);
        return hand_out_found(false, {}, out, len);
    });
}

int wm_request_part_at(wm_request request, size_t index, wm_part *out)
{
    if (!out)
        return null_argument("out");
    return with_readable(request, [&](HttpRequests &requests, HttpRequest &self) {
        const ValueBlock *block = nullptr;
        if (int wrong = requests.values(self, ValueKind::kParts, block))
            return wrong;
        if (index >= block->count)
            return 0;
        fill(*out, block->part(index), self.slices.body);
        return 1;
    });
}

int wm_form_parts(const void *type, size_t type_len, const void *body, size_t len, wm_part *parts, size_t cap, void *text, size_t text_cap)
{
    if (!parts || (!text && text_cap > 0))
        return null_argument(parts ? "text" : "parts");
    if (cap == 0)
        return fail(WM_EINVAL, "cap is 0: there must be room for a part");
    if (int wrong = check_span("type", type, type_len))
        return wrong;
    if (int wrong = check_span("body", body, len))
        return wrong;
    http::Boundary boundary;
    if (const char *wrong = http::read_boundary(span(type, type_len), boundary))
        return fail(WM_EPROTOCOL, "%s", wrong);
    if (boundary.size == 0)
        return 0;
    http::MultipartParser parser(boundary.view());
    http::MultipartLimits limits{cap, static_cast<size_t>(EndpointOptions{}.max_part_header_bytes)};
    PartSink sink{parts, static_cast<char *>(text), static_cast<char *>(text) + text_cap};
    const char *wrong = http::each_part_event(parser, span(body, len), limits, [&](const auto &step) { sink.take(parser, step); });
    if (wrong)
        return parser.limit() ? fail(WM_EMSGSIZE, "%s (%zu)", wrong, parser.limit()) : fail(WM_EPROTOCOL, "%s", wrong);
    return sink.full ? fail(WM_EMSGSIZE, "the names of the parts are longer than text_cap (%zu)", text_cap) : static_cast<int>(sink.count);
}

int wm_part_header(const wm_part *part, const char *name, const void **out, size_t *len)
{
    if (!part)
        return null_argument("part");
    if (int wrong = missing_lookup(name, out, len))
        return wrong;
    if (int wrong = check_span("headers", part->headers, part->headers_len))
        return wrong;
    std::string_view headers = span(part->headers, part->headers_len);
    if (!headers.empty() && !headers.ends_with("\r\n"))
        return fail(WM_EINVAL, "the part's headers are not as wm_request_part_at has filled them: they must end with CRLF");
    std::string_view value;
    bool found = http::find_field(headers, name, value);
    return hand_out_found(found, value, out, len);
}
