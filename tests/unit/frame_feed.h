/**
 * @file
 * Feeds pieces to a FrameParser as a connection does, and tells what came out as text.
 */
#ifndef WM_TESTS_FRAME_FEED_H
#define WM_TESTS_FRAME_FEED_H

#include "proto/websocket/frame_parser.h"

#include <cstddef>
#include <string>
#include <vector>

namespace frame_feed {

struct Result {
    std::vector<std::string> events; ///< "1:text", "z1:compressed", "9:ping" ...
    int failure = 0;

    bool operator==(const Result &) const = default;
};

/// read(parser, data, len, frame): one step. What a step leaves of use is kept, in a buffer that moves.
template <class Read> Result feed(const std::vector<std::string> &pieces, Read read)
{
    wm::websocket::FrameParser parser;
    Result result;
    std::string held;
    for (const std::string &piece : pieces) {
        held += piece;
        size_t at = 0;
        while (at < held.size()) {
            wm::websocket::Frame out = {};
            wm::Step step = read(parser, held.data() + at, held.size() - at, out);
            if (step.kind == wm::StepKind::kFail) {
                result.failure = parser.failure().code;
                return result;
            }
            if (step.kind == wm::StepKind::kMore) {
                held.resize(at + step.size);
                break;
            }
            const char *mark = step.kind == wm::StepKind::kMessage && parser.compressed() ? "z" : "";
            result.events.push_back(mark + std::to_string(out.opcode) + ":" + std::string(out.data, out.len));
            at += step.size;
        }
        held.erase(0, at);
    }
    return result;
}

/// Pieces of one octet each.
inline std::vector<std::string> octets(const std::string &bytes)
{
    std::vector<std::string> out;
    for (char c : bytes)
        out.push_back(std::string(1, c));
    return out;
}

} // namespace frame_feed

#endif
