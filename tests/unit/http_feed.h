/**
 * @file
 * Plays bytes into a RequestParser the way a connection does, cut wherever the test says, and tells what came out as text.
 *
 * Every step sees a copy of exactly the bytes it may touch, so that AddressSanitizer finds each read beyond them.
 */
#ifndef WM_TESTS_HTTP_FEED_H
#define WM_TESTS_HTTP_FEED_H

#include "proto/http/fields.h"
#include "proto/http/known_head.h"
#include "proto/http/request_parser.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace http_feed {

inline constexpr wm::http::Limits kLimits{16 * 1024, 100, 1 << 20};

/// What a stream of bytes led to. log has one line for each request, and at the end the refusal or the state that remained.
struct Outcome {
    std::string log;
    std::vector<std::string> bodies;
    int status = 0; ///< of the refusal; 0: none
    const char *text = "";
    int continues = 0;   ///< how often 100 Continue was asked for
    size_t left = 0;     ///< bytes kept, waiting for more
    bool broken = false; ///< the parser broke the contract of step.h; log says how
};

inline std::string describe(const wm::http::Request &request)
{
    std::string line;
    for (std::string_view part : {request.method, request.target, request.path, request.query, request.authority})
        line.append(part).append("|");
    line.append(std::to_string(request.minor)).append(request.keep_alive ? " keep" : " close").append(request.head ? " head" : "");
    line.append(request.connect ? " connect" : "");
    line.append(" head_size=").append(std::to_string(request.head_size)).append("\nfields:").append(request.fields);
    // The accessors rely on what the parser checked: they must see every byte of the lines.
    std::string_view name;
    std::string_view value;
    std::string_view found;
    size_t bytes = 0;
    for (size_t cursor = 0; wm::http::field_at(request.fields, cursor, name, value);) {
        bytes = cursor;
        if (name.empty() || !wm::http::find_field(request.fields, name, found))
            line.append("\na field that is not found");
    }
    if (bytes != request.fields.size())
        line.append("\nfields that are not walked to their end");
    return line.append("\nbody:").append(request.body).append("\n");
}

class Feed {
public:
    explicit Feed(const wm::http::Limits &limits, wm::http::KnownHead *known = nullptr) : limits_(limits), known_(known) {}

    /// More bytes arrive. Returns false once the request was refused.
    bool arrive(std::string_view bytes)
    {
        kept_.append(bytes);
        while (!refused_ && !out_.broken && turn()) {
        }
        return !refused_ && !out_.broken;
    }

    Outcome finish()
    {
        out_.left = kept_.size();
        if (refused_)
            out_.log += "refused " + std::to_string(out_.status) + " " + out_.text;
        else
            out_.log += parser_.in_body() ? "in body" : parser_.in_message() ? "in head" : "idle";
        return out_;
    }

private:
    // One step; whether another one can get on.
    bool turn()
    {
        size_t len = kept_.size();
        std::unique_ptr<char[]> data(new char[len]);
        std::copy(kept_.begin(), kept_.end(), data.get());
        wm::http::Request request{};
        if (known_ != nullptr)
            known_->pause = 0; // each head is compared
        wm::Step step = parser_.step(data.get(), len, limits_, request, known_);
        if (step.size > len || (step.need != 0 && step.need <= step.size) || over_limits(step.need))
            return broken("size or need out of range");
        switch (step.kind) {
        case wm::StepKind::kMore:
            kept_.assign(data.get(), step.size);
            return false;
        case wm::StepKind::kContinue:
            out_.continues++;
            return step.size == 0 || broken("continue consumed bytes");
        case wm::StepKind::kMessage:
            if (step.size == 0 || parser_.in_message())
                return broken("a message left the parser inside one");
            out_.log += describe(request);
            out_.bodies.emplace_back(request.body);
            kept_.erase(0, step.size);
            return !kept_.empty();
        case wm::StepKind::kFail:
            refused_ = true;
            out_.status = parser_.failure().status;
            out_.text = parser_.failure().text;
            if (parser_.step(data.get(), len, limits_, request, known_).kind != wm::StepKind::kFail)
                return broken("a refusal did not last");
            kept_.clear();
            return false;
        default:
            return broken("a kind of step that http has not");
        }
    }

    /// A head, a body, and the CRLF of a chunk.
    bool over_limits(size_t need) const
    {
        size_t around = limits_.max_header_bytes + 2;
        return need > around && need - around > limits_.max_message;
    }

    bool broken(const char *how)
    {
        out_.broken = true;
        out_.log += how;
        return false;
    }

    wm::http::Limits limits_;
    wm::http::KnownHead *known_;
    wm::http::RequestParser parser_;
    std::string kept_;
    bool refused_ = false;
    Outcome out_;
};

/// Plays bytes, cut before each of the offsets in cuts (ascending).
inline Outcome play(std::string_view bytes, const std::vector<size_t> &cuts = {}, const wm::http::Limits &limits = kLimits,
                    wm::http::KnownHead *known = nullptr)
{
    Feed feed(limits, known);
    size_t from = 0;
    bool going = true;
    for (size_t i = 0; going && i < cuts.size(); i++) {
        going = feed.arrive(bytes.substr(from, cuts[i] - from));
        from = cuts[i];
    }
    if (going)
        feed.arrive(bytes.substr(from));
    return feed.finish();
}

/// Plays bytes one at a time.
inline Outcome dribble(std::string_view bytes, const wm::http::Limits &limits = kLimits, wm::http::KnownHead *known = nullptr)
{
    std::vector<size_t> cuts;
    for (size_t i = 1; i < bytes.size(); i++)
        cuts.push_back(i);
    return play(bytes, cuts, limits, known);
}

/// Plays bytes whole, one at a time, and in two parts cut at every place; all that also behind a head that is known, of these bytes or of
/// others with their lines. Returns the first outcome that is not as the whole's, or the whole's.
inline Outcome play_all_cuts(std::string_view bytes, const wm::http::Limits &limits = kLimits)
{
    Outcome whole = play(bytes, {}, limits);
    auto differs = [&whole](const Outcome &other) { return other.broken || other.log != whole.log || other.left != whole.left; };
    Outcome other = dribble(bytes, limits);
    for (size_t cut = 1; !differs(other) && cut < bytes.size(); cut++)
        other = play(bytes, {cut}, limits);
    const std::string before[] = {"", std::string(bytes),
                                  "PUT /known?x HTTP/1.1" + std::string(bytes.substr(std::min(bytes.find("\r\n"), bytes.size())))};
    for (const std::string &earlier : before) {
        for (size_t cut = 0; !differs(other) && cut <= bytes.size(); cut++) {
            wm::http::KnownHead known = {};
            play(earlier, {}, limits, &known);
            other = cut == bytes.size() ? dribble(bytes, limits, &known) : play(bytes, {cut}, limits, &known);
        }
    }
    if (!differs(other))
        return whole;
    other.broken = true;
    other.log = "whole:\n" + whole.log + "\ncut:\n" + other.log;
    return other;
}

} // namespace http_feed

#endif
