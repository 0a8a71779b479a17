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

Block *SharedMessage::block(const Codec &codec, int &wrong)
{
    const Codec *framing = flags_ & WM_SEND_RAW || !codec.frame ? nullptr : &codec;
    for (uint32_t i = 0; i < count_; i++)
        if (same_framing(framed_[i].framing, framing))
            return framed_[i].block;
    Block *fresh = make_block(framing, wrong);
    if (!fresh)
        return nullptr;
    if (count_ == kFramings) {
        framed_[0].block->release();
        memmove(framed_, framed_ + 1, sizeof framed_ - sizeof framed_[0]);
        count_--;
    }
    framed_[count_++] = {framing, fresh};
    return fresh;
}

bool SharedMessage::same_framing(const Codec *one, const Codec *other)
{
    return one == other || (one && other && one->frame == other->frame && one->protocol == other->protocol);
}

Block *SharedMessage::make_block(const Codec *codec, int &wrong) const
{
    char room[Codec::kFrameRoom];
    Framing framing = codec ? codec->frame(*codec, payload_, flags_, room) : Framing{{}, payload_};
    if (codec && framing.size() == 0) {
        wrong = too_long_to_frame(*codec, payload_.size());
        return nullptr;
    }
    Block *block = Block::make(framing.size());
    if (!block) {
        wrong = fail(WM_ENOMEM, "out of memory for a message of %zu bytes", payload_.size());
        return nullptr;
    }
    char *out = block->data();
    for (std::string_view part : {framing.head, framing.body}) {
        if (!part.empty())
            memcpy(out, part.data(), part.size());
        out += part.size();
    }
    return block;
}

} // namespace wm
