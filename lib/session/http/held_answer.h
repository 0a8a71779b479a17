/**
 * @file
 * What few requests have: what of the answer has to wait for the answers before it, the state of a streamed one, the host's
 * pointer, and the parts of a form. One allocation, the bytes behind it. Owned by its HttpRequest; the app's thread.
 */
#ifndef WM_SESSION_HTTP_HELD_ANSWER_H
#define WM_SESSION_HTTP_HELD_ANSWER_H

#include "core/buffer.h"
#include "wm/types.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm {

struct RequestParts;

struct HeldAnswer {
    size_t size = 0;             ///< bytes that are held
    size_t capacity = 0;         ///< bytes that are allocated for them
    size_t head = 0;             ///< where the head of the answer begins: interim responses are in front of it
    FileRange file = {-1, 0, 0}; ///< follows the bytes; its descriptor is owned. fd -1: none
    void *user = nullptr;        ///< of wm_request_set_user
    wm_destroy_fn destroy_user = nullptr;
    RequestParts *parts = nullptr; ///< of a form in pieces, while no callback has them; owned

    // Of a stream.
    enum class Coding : uint8_t {
        kNothing, ///< what is written is dropped: the method or the status has no content
        kPlain,   ///< of the announced length, or up to the end of the connection
        kChunked,
    };
    int64_t left = -1;         ///< of the announced length; < 0: none was announced
    uint32_t written_tick = 0; ///< when something of it was written last
    bool open = false;         ///< more follows
    bool refused = false;      ///< a write before its turn found no room: buffer_full and buffer_drain are owed
    bool last = false;         ///< its head says that the connection closes because the app stops
    bool events = false;       ///< server-sent ones: comments keep it alive
    Coding coding = Coding::kPlain;

    std::string_view bytes() const { return {reinterpret_cast<const char *>(this + 1), size}; }
    /// Into the capacity.
    void append(std::string_view more);
    void take_file(const FileRange &range) { file = range; }

    /// With room for that many bytes, at a new address; held may be nullptr. nullptr, and as it was, when out of memory.
    static HeldAnswer *resize(HeldAnswer *held, size_t capacity);
    /// With the parts; closes a file that has not left.
    static void destroy(HeldAnswer *held);
};

} // namespace wm

#endif
