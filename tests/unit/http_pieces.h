/**
 * @file
 * Plays bytes into a RequestParser, whose bodies are joined or in pieces as the limits say, and tells what came out as text that is the
 * same in both cases. Every step sees a copy of exactly the bytes it may touch, so that AddressSanitizer finds each read beyond them.
 */
#ifndef WM_TESTS_HTTP_PIECES_H
#define WM_TESTS_HTTP_PIECES_H

#include "proto/http/request_parser.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

namespace http_pieces {

using wm::Step;
using wm::StepKind;
using wm::http::Limits;
using wm::http::Request;
using wm::http::RequestParser;

/// The contract of the parser.
inline void must(bool holds)
{
    if (!holds)
        std::abort();
}

/// What a stream of requests led to, whatever the pieces were.
struct Result {
    std::string log; ///< a line for each request, and one for a refusal
    size_t pieces = 0;
    size_t most_kept = 0; ///< bytes behind a head that waited for more
};

class Player {
public:
    explicit Player(const Limits &limits) : limits_(limits) {}

    void arrive(std::string_view bytes)
    {
        kept_.append(bytes);
        while (!kept_.empty() && !refused_ && step()) {
        }
        if (parser_.in_pieces())
            result_.most_kept = std::max(result_.most_kept, kept_.size());
    }
    Result result() { return result_; }

private:
    bool step()
    {
        size_t len = kept_.size();
        std::unique_ptr<char[]> data(new char[len]); // exactly what may be touched
        std::copy(kept_.begin(), kept_.end(), data.get());
        request_.trailers_size = 77; // of no use to anybody
        Step step = parser_.step(data.get(), len, limits_, request_, nullptr);
        must(step.size <= len);
        switch (step.kind) {
        case StepKind::kMore:
            kept_.assign(data.get(), step.size);
            return false;
        case StepKind::kContinue:
            return true;
        case StepKind::kFail:
            refused_ = true;
            result_.log += std::to_string(parser_.failure().status) + "\n";
            return false;
        case StepKind::kHead:
            must(request_.body.empty() && parser_.in_pieces());
            head_.assign(request_.raw_head());
            body_.clear();
            break;
        case StepKind::kPiece:
            must(step.size > 0 && request_.trailers().empty() && parser_.in_pieces());
            piece();
            break;
        case StepKind::kLastPiece:
            must(!parser_.in_message());
            piece();
            log(head_, body_, request_.trailers());
            break;
        default:
            log(request_.raw_head(), request_.body, request_.trailers());
        }
        kept_.assign(data.get() + step.size, len - step.size);
        return true;
    }

    void piece()
    {
        body_.append(request_.body);
        result_.pieces += !request_.body.empty();
    }

    void log(std::string_view head, std::string_view body, std::string_view trailers)
    {
        result_.log.append(head.substr(0, head.find('\r'))).append("|").append(body).append("|").append(trailers).append("\n");
    }

    const Limits limits_;
    RequestParser parser_;
    Request request_{};
    std::string kept_, head_, body_;
    bool refused_ = false;
    Result result_;
};

inline Result play(const Limits &limits, std::string_view bytes, size_t cut = 0, size_t size = SIZE_MAX)
{
    Player player(limits);
    player.arrive(bytes.substr(0, cut));
    for (size_t at = cut; at < bytes.size(); at += std::min(size, bytes.size() - at))
        player.arrive(bytes.substr(at, size));
    return player.result();
}

} // namespace http_pieces

#endif
