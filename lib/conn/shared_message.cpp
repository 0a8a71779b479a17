#include "conn/shared_message.h"

#include "core/error.h"
#include "wm/types.h"

#include <algorithm>
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

Block *SharedMessage::find_or_make(Connection &conn, const Codec &codec, uint32_t variant, int &wrong)
{
    const Codec *framing = flags_ & WM_SEND_RAW || !codec.frame ? nullptr : &codec;
    Block *found = find_block(conn, framing, framing ? variant : 0, wrong);
    last_codec_ = &codec;
    last_variant_ = variant;
    return last_ = found;
}

Block *SharedMessage::payload_block(Connection &conn, int &wrong)
{
    last_ = nullptr; // it may be the one that makes room
    return find_block(conn, nullptr, 0, wrong);
}

Block *SharedMessage::find_block(Connection &conn, const Codec *framing, uint32_t variant, int &wrong)
{
    Framed *found = std::find_if(framed_, framed_ + count_,
                                 [&](const Framed &each) { return same_framing(each.framing, framing) && each.variant == variant; });
    if (found == framed_ + count_) {
        Block *fresh = make_block(conn, framing, variant, wrong);
        if (!fresh)
            return nullptr;
        if (count_ == kFramings) {
            framed_[0].block->release();
            memmove(framed_, framed_ + 1, sizeof framed_ - sizeof framed_[0]);
            count_--;
        }
        found = &framed_[count_++];
        *found = {framing, variant, fresh};
    }
    return found->block;
}

bool SharedMessage::same_framing(const Codec *one, const Codec *other)
{
    return one == other || (one && other && one->frame == other->frame && one->protocol == other->protocol);
}

Block *SharedMessage::make_block(Connection &conn, const Codec *codec, uint32_t variant, int &wrong) const
{
    char room[Codec::kFrameRoom];
    Framing framing = {{}, payload_};
    if (codec && variant == 0) {
        framing = codec->frame(*codec, payload_, flags_, room);
        if (framing.size() == 0) {
            wrong = too_long_to_frame(*codec, payload_.size());
            return nullptr;
        }
    }
    Block *block = codec && variant != 0 ? codec->frame_variant(conn, payload_, flags_) : Block::make(framing.head, framing.body);
    if (!block)
        wrong = fail(WM_ENOMEM, "out of memory for a message of %zu bytes", payload_.size());
    return block;
}

} // namespace wm
