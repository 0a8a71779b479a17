#include "session/custom/out.h"

#include "core/error.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace wm {

Out::~Out()
{
    free(tail_);
}

Out::Use::Use(Out &out, size_t limit) : out_(out)
{
    out_.limit_ = limit;
    out_.error_ = 0;
    out_.in_use_ = out_.writable_ = true;
}

Out::Use::~Use()
{
    out_.in_use_ = out_.writable_ = false;
    if (!out_.tail_)
        return;
    out_.tail_->end = 0;
    if (out_.tail_->capacity > kKept) {
        free(out_.tail_);
        out_.tail_ = nullptr;
    }
}

Tail *Out::Use::take()
{
    if (!out_.tail_ || out_.tail_->end == 0)
        return nullptr;
    Tail *taken = out_.tail_;
    out_.tail_ = nullptr;
    return taken;
}

int Out::write(const void *data, size_t len)
{
    if (!writable_)
        return fail(WM_ESTATE, "wm_out_write outside of the encode or decode callback that got the wm_out");
    if (error_ == 0 && len > limit_ - bytes().size())
        error_ = fail(WM_EMSGSIZE, "the message is over the limit of %zu bytes", limit_);
    else if (error_ == 0 && !reserve(len))
        error_ = fail(WM_ENOMEM, "out of memory for %zu bytes of a message", len);
    if (error_ != 0)
        return error_;
    if (len > 0) {
        memcpy(tail_->free_space(), data, len);
        tail_->end += len;
    }
    return 0;
}

int Out::refuse(int error)
{
    if (writable_ && error_ == 0)
        error_ = error;
    return error;
}

bool Out::reserve(size_t len)
{
    if (len == 0 || (tail_ && tail_->free_size() >= len))
        return true;
    size_t used = bytes().size();
    size_t capacity = std::max<size_t>({used + len, used * 2, 256});
    Tail *grown = tail_ ? tail_->grow(capacity) : Tail::make(capacity);
    if (!grown)
        return false;
    tail_ = grown;
    return true;
}

std::string_view Out::bytes() const
{
    return tail_ ? std::string_view(tail_->data(), tail_->end) : std::string_view();
}

} // namespace wm
