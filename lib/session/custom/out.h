/**
 * @file
 * What the encode or decode callback of a protocol writes to. One for each of the two; the app's thread.
 */
#ifndef WM_SESSION_CUSTOM_OUT_H
#define WM_SESSION_CUSTOM_OUT_H

#include "core/buffer.h"
#include "wm/protocol.h"

#include <cstddef>
#include <string_view>

namespace wm {

class Out {
public:
    Out() = default;
    Out(const Out &) = delete;
    Out &operator=(const Out &) = delete;

    /// While one lives, the callback may write. At its end the bytes are gone.
    class Use {
    public:
        Use(Out &out, size_t limit);
        Use(const Use &) = delete;
        Use &operator=(const Use &) = delete;
        ~Use();

        /// Ends the writing.
        void close() { out_.writable_ = false; }
        /// Passes the memory of the bytes on to the caller; nullptr: there are none.
        Tail *take() { return out_.buffer_.take(); }

    private:
        Out &out_;
    };

    bool in_use() const { return in_use_; }
    int write(const void *data, size_t len);
    /// A write that cannot be made, with its error: the message fails. Returns the error.
    int refuse(int error);
    /// The first error of write() or refuse(), or 0.
    int error() const { return error_; }
    std::string_view bytes() const { return buffer_.bytes(); }

private:
    MessageBuffer buffer_;
    size_t limit_ = 0;
    int error_ = 0;
    bool in_use_ = false;
    bool writable_ = false;
};

inline wm_out *handle(Out *out)
{
    return reinterpret_cast<wm_out *>(out);
}
inline Out *object(wm_out *out)
{
    return reinterpret_cast<Out *>(out);
}

} // namespace wm

#endif
