#include "session/http/request_values.h"

#include "core/error.h"
#include "proto/ascii.h"
#include "proto/http/cookies.h"
#include "proto/http/fields.h"
#include "proto/http/form_body.h"
#include "proto/http/form_pairs.h"
#include "proto/http/media_type.h"
#include "proto/http/percent.h"
#include "session/http/requests.h"

#include <cstdlib>
#include <new>

namespace wm {

namespace {

/// The path of a target, as the one pair of kPath.
class Path {
public:
    explicit Path(std::string_view text) : text_(text) {}

    bool next(http::Pair &out)
    {
        out = {text_, {}};
        return !taken_ && (taken_ = true);
    }
    const char *wrong() const
    {
        return text_.find("%00") == std::string_view::npos ? nullptr : "the path has %00, and no name in a path has a NUL";
    }
    static char *decode_name(char *out, std::string_view raw) { return http::decode_path(out, raw); }
    static char *decode_value(char *out, std::string_view) { return out; }

private:
    std::string_view text_;
    bool taken_ = false;
};

template <class Decode> std::string_view decoded(char *&text, Decode decode)
{
    char *end = decode(text);
    std::string_view result(text, static_cast<size_t>(end - text));
    text = end;
    return result;
}

template <class Pairs> const char *wrong_in(const Pairs &pairs)
{
    if constexpr (requires { pairs.wrong(); })
        return pairs.wrong();
    return nullptr;
}

ValueBlock refused(int code, const char *text, size_t limit = 0)
{
    ValueBlock block;
    block.code = code;
    block.wrong = text;
    block.limit = limit;
    return block;
}

RequestPart::Place place_in(std::string_view body, std::string_view slice)
{
    return slice.data() ? RequestPart::Place{static_cast<size_t>(slice.data() - body.data()), slice.size()} : RequestPart::Place{};
}

/// Fills the block of a body that has been read once, without an error.
void fill_parts(std::string_view boundary, std::string_view body, const http::MultipartLimits &limits, ValueBlock &block)
{
    http::MultipartParser parser(boundary);
    RequestPart *parts = block.entries<RequestPart>();
    char *text = reinterpret_cast<char *>(parts + block.count);
    RequestPart *part = parts;
    http::each_part_event(parser, body, limits, [&](const http::MultipartStep &step) {
        if (step.kind == http::MultipartStep::kData)
            part->data = place_in(body, step.data);
        if (step.kind == http::MultipartStep::kPartEnd)
            part++;
        if (step.kind != http::MultipartStep::kPart)
            return;
        const http::PartHead &head = parser.part();
        new (part) RequestPart{};
        part->name = decoded(text, [&](char *to) { return http::decode_part_name(to, head); });
        if (head.is_file())
            part->filename = decoded(text, [&](char *to) { return http::decode_part_filename(to, head); });
        else
            parts[block.fields++].field = static_cast<size_t>(part - parts);
        part->fields = place_in(body, head.fields);
        part->type = place_in(body, head.type);
    });
}

} // namespace

bool is_multipart(const ValueBlock &media)
{
    return media.count > 0 && media.pair(0).name == "multipart/form-data";
}

const char *find_boundary(const ValueBlock &media, std::string_view &out)
{
    size_t found = 0;
    for (size_t i = 1; i < media.count; i++) {
        if (media.pair(i).name == "boundary") {
            out = media.pair(i).value;
            found++;
        }
    }
    return found == 1 && http::MultipartParser::is_boundary(out) ? nullptr : http::kBoundaryRule;
}

RequestValues::~RequestValues()
{
    leave_list();
    for (ValueBlock *block : blocks)
        free(block);
}

void RequestValues::enlist(RequestValues *&list)
{
    next = list;
    link = &list;
    if (next)
        next->link = &next;
    list = this;
}

void RequestValues::leave_list()
{
    if (!link)
        return;
    *link = next;
    if (next)
        next->link = link;
    link = nullptr;
}

// ---- the part of HttpRequests that decodes

void HttpRequests::drop_values(HttpRequest &request)
{
    delete request.values;
    request.values = nullptr;
}

/// Counts what the values of a kept request take.
void HttpRequests::count_values(HttpRequest &request, size_t bytes)
{
    request.values->bytes += bytes;
    if (request.slice_epoch != HttpRequest::kKept)
        return;
    http_session(request.conn).kept += bytes;
    held_ += bytes;
    if (!has_room(request.conn))
        block(request.conn);
}

int HttpRequests::make_block(HttpRequest &request, const ValueBlock &head, size_t more, ValueBlock *&out)
{
    size_t bytes = sizeof head + more;
    if (request.slice_epoch == HttpRequest::kKept && !fits(bytes))
        return no_room(bytes);
    void *place = malloc(bytes);
    if (!place)
        return fail(WM_ENOMEM, "out of memory for %zu bytes of the values of a request", bytes);
    out = new (place) ValueBlock(head);
    out->bytes = bytes;
    count_values(request, bytes);
    return 0;
}

template <class Pairs> int HttpRequests::read_pairs(HttpRequest &request, Pairs pairs, ValueBlock *&out)
{
    size_t most = static_cast<size_t>(request.conn.owner->options.max_fields);
    ValueBlock head;
    http::Pair raw;
    size_t text_size = 0; // what is decoded is no longer than what is raw
    Pairs counted = pairs;
    while (counted.next(raw)) {
        if (head.count++ == most)
            return make_block(request, refused(WM_EMSGSIZE, "more names with values than max_fields", most), 0, out);
        text_size += raw.name.size() + raw.value.size();
    }
    if (const char *wrong = wrong_in(counted))
        return make_block(request, refused(WM_EPROTOCOL, wrong), 0, out);
    if (int wrong = make_block(request, head, head.count * sizeof raw + text_size, out))
        return wrong;
    http::Pair *entry = out->entries<http::Pair>();
    char *text = reinterpret_cast<char *>(entry + head.count);
    while (pairs.next(raw)) {
        std::string_view name = decoded(text, [&](char *to) { return Pairs::decode_name(to, raw.name); });
        std::string_view value = decoded(text, [&](char *to) { return Pairs::decode_value(to, raw.value); });
        *entry++ = {name, value};
    }
    return 0;
}

int HttpRequests::read_media(HttpRequest &request, ValueBlock *&out)
{
    std::string_view value;
    if (!http::find_field(request.slices.fields, "content-type", value))
        return make_block(request, {}, 0, out);
    if (!http::only_field(request.slices.fields, "content-type", value))
        return make_block(request, refused(WM_EPROTOCOL, "RFC 9110 §5.3: more than one Content-Type"), 0, out);
    return read_pairs(request, http::MediaType(value), out);
}

/// The whole body is there, if there is one; else an error.
int HttpRequests::check_whole(const HttpRequest &request)
{
    if (!request.slices.in_pieces)
        return 0;
    return fail(WM_ESTATE, "the body comes in pieces: wm_worker_on_part or WM_EVENT_PART has those of a multipart form, wm_worker_on_body "
                           "or WM_EVENT_BODY all others");
}

int HttpRequests::read_parts(HttpRequest &request, ValueBlock *&out)
{
    if (int wrong = check_whole(request))
        return wrong;
    const ValueBlock *media = nullptr;
    if (int wrong = values(request, ValueKind::kMedia, media))
        return wrong;
    if (!is_multipart(*media))
        return make_block(request, {}, 0, out);
    std::string_view boundary;
    if (const char *wrong = find_boundary(*media, boundary))
        return make_block(request, refused(WM_EPROTOCOL, wrong), 0, out);
    const EndpointOptions &options = request.conn.owner->options;
    http::MultipartLimits limits{static_cast<size_t>(options.max_parts), static_cast<size_t>(options.max_part_header_bytes)};
    std::string_view body = request.slices.body;
    http::MultipartParser parser(boundary);
    ValueBlock head;
    size_t text_size = 0;
    const char *wrong = http::each_part_event(parser, body, limits, [&](const http::MultipartStep &step) {
        if (step.kind != http::MultipartStep::kPart)
            return;
        head.count++;
        text_size += parser.part().text_size();
    });
    if (wrong)
        return make_block(request, refused(parser.limit() ? WM_EMSGSIZE : WM_EPROTOCOL, wrong, parser.limit()), 0, out);
    if (int failed = make_block(request, head, head.count * sizeof(RequestPart) + text_size, out))
        return failed;
    fill_parts(boundary, body, limits, *out);
    return 0;
}

int HttpRequests::read_values(HttpRequest &request, ValueKind kind, ValueBlock *&out)
{
    const http::Request &slices = request.slices;
    switch (kind) {
    case ValueKind::kPath:
        return read_pairs(request, Path(slices.path), out);
    case ValueKind::kQuery:
        return read_pairs(request, http::FormPairs(slices.query), out);
    case ValueKind::kForm:
        return read_pairs(request, http::FormPairs(slices.body), out);
    case ValueKind::kCookies:
        return read_pairs(request, http::Cookies(slices.fields), out);
    case ValueKind::kMedia:
        return read_media(request, out);
    default:
        return read_parts(request, out);
    }
}

int HttpRequests::values(HttpRequest &request, ValueKind kind, const ValueBlock *&out)
{
    if (!request.values) {
        RequestValues *made = new (std::nothrow) RequestValues(request);
        if (!made)
            return fail(WM_ENOMEM, "out of memory for the values of a request");
        request.values = made;
        request.owns = true;
        count_values(request, sizeof *made);
        if (request.slice_epoch != HttpRequest::kKept)
            made->enlist(unkept_values_);
    }
    ValueBlock *&block = request.values->blocks[static_cast<size_t>(kind)];
    if (!block)
        if (int wrong = read_values(request, kind, block); wrong != 0 || !block)
            return wrong;
    out = block;
    if (!block->wrong)
        return 0;
    return block->limit ? fail(block->code, "%s (%zu)", block->wrong, block->limit) : fail(block->code, "%s", block->wrong);
}

int HttpRequests::form(HttpRequest &request, FormFields &out)
{
    if (int wrong = check_whole(request))
        return wrong;
    const ValueBlock *media = nullptr;
    if (int wrong = values(request, ValueKind::kMedia, media); wrong != 0 || !media)
        return wrong;
    std::string_view type = media->count > 0 ? media->pair(0).name : std::string_view();
    out.body = request.slices.body;
    if (type == "application/x-www-form-urlencoded")
        return values(request, ValueKind::kForm, out.pairs);
    return type == "multipart/form-data" ? values(request, ValueKind::kParts, out.parts) : 0;
}

} // namespace wm
