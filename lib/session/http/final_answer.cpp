#include "session/http/final_answer.h"

#include "proto/http/fields.h"
#include "proto/http/response_writer.h"

#include <cstring>

namespace wm {

FinalAnswer::FinalAnswer(std::string_view date, int status, std::string_view fields, std::string_view body)
    : fields_(kPlain.size() + fields.size()), head_(http::head_bound(kPlain.size() + fields.size()))
{
    if (!ok())
        return;
    std::string_view type;
    size_t size = 0;
    if (http::has_content(status) && !http::find_field(fields, "Content-Type", type)) {
        memcpy(fields_.data(), kPlain.data(), kPlain.size());
        size = kPlain.size();
    }
    if (!fields.empty())
        memcpy(fields_.data() + size, fields.data(), fields.size());
    http::ResponseHead head;
    head.status = status;
    head.fields = {fields_.data(), size + fields.size()};
    head.content_length = body.size();
    head.keep_alive = false;
    head.date = date;
    size_ = http::write_head(head_.data(), head);
}

} // namespace wm
