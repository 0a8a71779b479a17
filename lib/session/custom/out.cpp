#include "session/custom/out.h"

#include "core/error.h"

#include <cstring>

namespace wm {

Out::Use::Use(Out &out, size_t limit) : out_(out)
{
    out_.limit_ = limit;
    out_.error_ = 0;
    out_.in_use_ = out_.writable_ = true;
}

Out::Use::~Use()
{
    out_.in_use_ = out_.writable_ = false;
    out_.buffer_.clear();
}

int Out::write(const void *data, size_t len)
{
    if (!writable_)
        return fail(WM_ESTATE, "wm_out_write outside of the encode or decode callback that got the wm_out");
    if (error_ == 0 && len > limit_ - bytes().size())
        error_ = fail(WM_EMSGSIZE, "the message is over the limit of %zu bytes", limit_);
    else if (error_ == 0 && !buffer_.reserve(len))
        error_ = fail(WM_ENOMEM, "out of memory for %zu bytes of a message", len);
    if (error_ != 0)
        return error_;
    if (len > 0) {
        memcpy(buffer_.free_space(), data, len);
        buffer_.add(len);
    }
    return 0;
}

int Out::refuse(int error)
{
    if (writable_ && error_ == 0)
        error_ = error;
    return error;
}

} // namespace wm
