#include "conn/shared_message.h"

#include "wm/types.h"

#include <cstring>

namespace wm {

SharedMessage::~SharedMessage()
{
    for (uint32_t i = 0; i < count_; i++)
        framed_[i].block->release();
}

Block *SharedMessage::block(const Codec &codec)
{
    Frame frame = flags_ & WM_SEND_RAW ? nullptr : codec.frame;
    for (uint32_t i = 0; i < count_; i++)
        if (framed_[i].frame == frame)
            return framed_[i].block;
    Block *block = make_block(frame);
    if (!block)
        return nullptr;
    if (count_ == kFramings) {
        framed_[0].block->release();
        memmove(framed_, framed_ + 1, sizeof framed_ - sizeof framed_[0]);
        count_--;
    }
    framed_[count_++] = {frame, block};
    return block;
}

Block *SharedMessage::make_block(Frame frame) const
{
    char room[Codec::kFrameRoom];
    Framing framing = frame ? frame(payload_, flags_, room) : Framing{{}, payload_};
    Block *block = Block::make(framing.head.size() + framing.body.size());
    if (!block)
        return nullptr;
    char *out = block->data();
    for (std::string_view part : {framing.head, framing.body}) {
        if (!part.empty())
            memcpy(out, part.data(), part.size());
        out += part.size();
    }
    return block;
}

} // namespace wm
