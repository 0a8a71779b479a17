#include "conn/shared_message.h"

#include "core/error.h"
#include "wm/types.h"

#include <cstring>

namespace wm {

int too_long_to_frame(const Codec &codec, size_t len)
{
    return fail(WM_EMSGSIZE, "a message of %zu bytes is too long for the length field of protocol %s", len, codec.name);
}

SharedMessage::~SharedMessage()
{
    for (uint32_t i = 0; i < count_; i++)
        framed_[i].block->release();
}

int SharedMessage::block(const Codec &codec, Block **block)
{
    const Codec *framing = flags_ & WM_SEND_RAW || !codec.frame ? nullptr : &codec;
    for (uint32_t i = 0; i < count_; i++)
        if (same_framing(framed_[i].framing, framing)) {
            *block = framed_[i].block;
            return 0;
        }
    if (int wrong = make_block(framing, block))
        return wrong;
    if (count_ == kFramings) {
        framed_[0].block->release();
        memmove(framed_, framed_ + 1, sizeof framed_ - sizeof framed_[0]);
        count_--;
    }
    framed_[count_++] = {framing, *block};
    return 0;
}

bool SharedMessage::same_framing(const Codec *one, const Codec *other)
{
    return one == other || (one && other && one->frame == other->frame && one->protocol == other->protocol);
}

int SharedMessage::make_block(const Codec *codec, Block **block) const
{
    char room[Codec::kFrameRoom];
    Framing framing = codec ? codec->frame(*codec, payload_, flags_, room) : Framing{{}, payload_};
    if (codec && framing.size() == 0)
        return too_long_to_frame(*codec, payload_.size());
    *block = Block::make(framing.size());
    if (!*block)
        return fail(WM_ENOMEM, "out of memory for a message of %zu bytes", payload_.size());
    char *out = (*block)->data();
    for (std::string_view part : {framing.head, framing.body}) {
        if (!part.empty())
            memcpy(out, part.data(), part.size());
        out += part.size();
    }
    return 0;
}

} // namespace wm
