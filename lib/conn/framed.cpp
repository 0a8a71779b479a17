#include "conn/framed.h"

#include <cstring>

namespace wm {

Framed::~Framed()
{
    for (Block *block : blocks_)
        if (block)
            block->release();
}

Block *Framed::block(Protocol protocol)
{
    Block *&block = blocks_[static_cast<size_t>(protocol)];
    if (block)
        return block;
    char header[websocket::kMaxHeader];
    bool raw = flags_ & WM_SEND_RAW;
    size_t header_len = protocol == Protocol::kWebsocket && !raw ? websocket::write_header(header, opcode_of(flags_), len_) : 0;
    size_t trailer_len = protocol == Protocol::kText && !raw ? 1 : 0;
    block = Block::make(header_len + len_ + trailer_len);
    if (!block)
        return nullptr;
    memcpy(block->data(), header, header_len);
    if (len_ > 0)
        memcpy(block->data() + header_len, data_, len_);
    if (trailer_len)
        block->data()[len_] = '\n';
    return block;
}

} // namespace wm
