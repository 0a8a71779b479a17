#include "session/http/request_parts.h"

#include "core/reserve.h"

#include <algorithm>
#include <cstring>

namespace wm {

/// Appends to the incomplete head.
bool PartReader::keep(std::string_view data)
{
    if (!reserve_in(kept_, kept_.size() + data.size()))
        return false;
    kept_.insert(kept_.end(), data.begin(), data.end());
    return true;
}

/// Copies the head that the parser has read.
bool PartReader::take_head()
{
    const http::PartHead &head = parser_.part();
    size_t size = head.fields.size() + head.text_size();
    if (!reserve_in(text_, size))
        return false;
    text_.resize(size);
    char *text = text_.data();
    memcpy(text, head.fields.data(), head.fields.size()); // never empty: a part has a Content-Disposition
    fields_ = {text, head.fields.size()};
    type_ = head.type.data() ? fields_.substr(static_cast<size_t>(head.type.data() - head.fields.data()), head.type.size()) : "";
    text += fields_.size();
    char *end = http::decode_part_name(text, head);
    name_ = {text, static_cast<size_t>(end - text)};
    filename_ = {};
    if (head.is_file())
        filename_ = {end, static_cast<size_t>(http::decode_part_filename(end, head) - end)};
    return true;
}

/// A step of the parser; false: out of memory.
bool PartReader::step(std::string_view &data, const http::MultipartLimits &limits, http::MultipartStep &out)
{
    size_t before = kept_.size();
    if (before == 0) {
        out = parser_.step(data.data(), data.size(), limits);
        data.remove_prefix(out.size);
        bool incomplete = out.kind == http::MultipartStep::kMore && !data.empty();
        if (incomplete && !keep(data))
            return false;
        if (incomplete)
            data = {};
        return out.kind != http::MultipartStep::kPart || take_head();
    }
    size_t most = limits.max_part_header_bytes;
    size_t more = std::min(data.size(), most > before ? most - before : 0);
    if (!keep(data.substr(0, more)))
        return false;
    out = parser_.step(kept_.data(), kept_.size(), limits);
    if (out.kind != http::MultipartStep::kPart) {
        data.remove_prefix(more);
        return true;
    }
    data.remove_prefix(out.size - before);
    bool taken = take_head();
    kept_.clear();
    return taken;
}

PartReader::Event PartReader::next(std::string_view &data, const http::MultipartLimits &limits)
{
    http::MultipartStep found;
    const char *fed = data.data();
    if (!step(data, limits, found))
        return Event::kNoMemory;
    switch (found.kind) {
    case http::MultipartStep::kMore:
        return Event::kMore;
    case http::MultipartStep::kPart:
        return Event::kPart;
    case http::MultipartStep::kFail:
        return Event::kFail;
    default:
        break;
    }
    piece_ = found.kind == http::MultipartStep::kData ? found.data : std::string_view("");
    own_ = found.kind == http::MultipartStep::kData && (piece_.data() < fed || piece_.data() >= data.data());
    last_ = found.kind == http::MultipartStep::kPartEnd || parser_.at_part_end();
    if (last_ && found.kind == http::MultipartStep::kData)
        parser_.step(nullptr, 0, limits); // the end itself
    return Event::kPiece;
}

} // namespace wm
