/**
 * @file
 * The codec contract: bytes in, one event out.
 *
 * A codec is fed the bytes of a connection from the first unconsumed one on: `step(data, len)` with data[0]
 * the same byte as in the last call, unless that one consumed. It may write into data (unmask, join fragments
 * and chunks in place) and hands out slices of it. It allocates nothing and knows neither sockets nor the
 * loop. One connection's state, one thread.
 */
#ifndef WM_PROTO_STEP_H
#define WM_PROTO_STEP_H

#include <cstddef>
#include <cstdint>

namespace wm {

/// The result of a step. No codec uses all of them.
enum class StepKind : uint8_t {
    kMore,     ///< not enough bytes: keep data[0, size) and feed it again with more appended
    kMessage,  ///< a message; size bytes are consumed
    kControl,  ///< a control frame for the caller to answer; size bytes are consumed (0 inside a fragmented message)
    kContinue, ///< http: the head of a request that expects 100 Continue is complete; nothing consumed, call again
    kHead,     ///< http: a head whose body follows in pieces
    kPiece,    ///< http: a piece of that body; size bytes are consumed
    kLastPiece,
    kFail, ///< the peer broke a rule or a limit, which the codec names; it reads no further
};

/// The result of a step.
struct Step {
    StepKind kind;
    /// kMore: how many bytes of data are still in use: a codec that joined parts in place has moved them to
    /// the front. Else: bytes consumed.
    size_t size;
    /// kMore: the smallest number of bytes, counted from data[0] with data cut to size, that completes the
    /// message or, where a message comes in parts (frames, chunks), the current part; 0 while the header that
    /// tells its length is incomplete. If not 0, it is greater than size, and the limits hold for it: it is
    /// at most max_message, plus the head of a request, plus the framing of one part or one control frame. So
    /// a caller may reserve it unchecked.
    size_t need;
};

} // namespace wm

#endif
