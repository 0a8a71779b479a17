/**
 * @file
 * A message for many connections, framed once per distinct framing. Lives on the stack of the call that sends
 * it; the app's thread.
 */
#ifndef WM_CONN_SHARED_MESSAGE_H
#define WM_CONN_SHARED_MESSAGE_H

#include "conn/codec.h"
#include "core/buffer.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm {

/// WM_EMSGSIZE: Codec::frame() has no framing for a payload of that length.
[[gnu::cold]] int too_long_to_frame(const Codec &codec, size_t len);

struct Connection;

class SharedMessage {
public:
    static constexpr size_t kMaxSize = UINT32_MAX / 2; ///< bytes: a segment counts them, with what is pending, in 32 bits

    /// The key is for flags with WM_SEND_SLOW_LATEST.
    SharedMessage(const void *data, size_t len, int32_t flags, std::string_view key = {})
        : payload_(static_cast<const char *>(data), len), key_(key), flags_(flags)
    {}
    SharedMessage(const SharedMessage &) = delete;
    SharedMessage &operator=(const SharedMessage &) = delete;
    ~SharedMessage();

    /// The framed bytes for that connection, borrowed; nullptr, with what is wrong: WM_ENOMEM or WM_EMSGSIZE.
    Block *block(Connection &conn, const Codec &codec, int &wrong)
    {
        uint32_t variant = codec.variant ? codec.variant(conn, payload_, flags_) : 0;
        bool same = last_ && last_codec_ == &codec && last_variant_ == variant; // as of most connections
        return same ? last_ : find_or_make(conn, codec, variant, wrong);
    }
    /// The payload, likewise.
    Block *payload_block(Connection &conn, int &wrong);
    std::string_view payload() const { return payload_; }
    std::string_view key() const { return key_; }
    size_t size() const { return payload_.size(); }
    int32_t flags() const { return flags_; }

private:
    struct Framed {
        const Codec *framing; ///< nullptr: none
        uint32_t variant;     ///< as Codec::variant
        Block *block;
    };

    static constexpr size_t kFramings = 12; ///< cached framings, those of all deflate windows among them; a new one evicts the oldest

    static bool same_framing(const Codec *one, const Codec *other);
    Block *find_or_make(Connection &conn, const Codec &codec, uint32_t variant, int &wrong);
    Block *make_block(Connection &conn, const Codec *codec, uint32_t variant, int &wrong) const;
    Block *find_block(Connection &conn, const Codec *framing, uint32_t variant, int &wrong);

    std::string_view payload_;
    std::string_view key_;
    int32_t flags_;
    uint32_t count_ = 0;
    // What block() has returned last, borrowed, and for whom.
    uint32_t last_variant_ = 0;
    const Codec *last_codec_ = nullptr;
    Block *last_ = nullptr;
    Framed framed_[kFramings];
};

} // namespace wm

#endif
