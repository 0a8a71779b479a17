/**
 * @file
 * A message for many connections: framed once for each framing among them. The app's thread; lives as long as the call that sends it.
 */
#ifndef WM_CONN_SHARED_MESSAGE_H
#define WM_CONN_SHARED_MESSAGE_H

#include "conn/codec.h"
#include "core/buffer.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm {

class SharedMessage {
public:
    SharedMessage(const void *data, size_t len, int32_t flags) : payload_(static_cast<const char *>(data), len), flags_(flags) {}
    SharedMessage(const SharedMessage &) = delete;
    SharedMessage &operator=(const SharedMessage &) = delete;
    ~SharedMessage();

    /// The bytes for connections of that codec, borrowed; nullptr when memory has run out.
    Block *block(const Codec &codec);
    size_t size() const { return payload_.size(); }
    int32_t flags() const { return flags_; }

private:
    using Frame = decltype(Codec::frame);

    struct Framed {
        Frame frame;
        Block *block;
    };

    static constexpr size_t kFramings = 4; ///< kept at a time; the oldest makes room

    Block *make_block(Frame frame) const;

    std::string_view payload_;
    int32_t flags_;
    uint32_t count_ = 0;
    Framed framed_[kFramings];
};

} // namespace wm

#endif
