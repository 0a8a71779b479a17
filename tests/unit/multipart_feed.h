/**
 * @file
 * Plays a body into a MultipartParser as a stream brings it, cut wherever the test says, and tells what came out as text.
 *
 * Every step sees a copy of exactly the bytes it may touch, so that AddressSanitizer finds each read beyond them.
 */
#ifndef WM_TESTS_MULTIPART_FEED_H
#define WM_TESTS_MULTIPART_FEED_H

#include "proto/http/multipart.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace multipart_feed {

inline constexpr wm::http::MultipartLimits kLimits{1024, 8 * 1024};

struct Outcome {
    std::string log;  ///< a line for each part, at the end that of the body
    size_t kept = 0;  ///< the most bytes that the caller had to keep
    size_t looks = 0; ///< bytes given to all steps: those that are given twice count twice
    size_t parts = 0; ///< that have begun
    bool refused = false;
    bool broken = false; ///< the contract is broken; log says how
};

inline std::string decoded_name(const wm::http::PartHead &part)
{
    std::string out(part.text_size(), '\0');
    out.resize(static_cast<size_t>(wm::http::decode_part_name(out.data(), part) - out.data()));
    return out;
}

inline std::string decoded_filename(const wm::http::PartHead &part)
{
    std::string out(part.text_size(), '\0');
    out.resize(static_cast<size_t>(wm::http::decode_part_filename(out.data(), part) - out.data()));
    return out;
}

/// "name (type) [filename]: data"
inline std::string describe(const wm::http::PartHead &part)
{
    std::string line = decoded_name(part);
    if (part.type.data())
        line.append(" (").append(part.type).append(")");
    if (part.is_file())
        line.append(" [").append(decoded_filename(part)).append("]");
    return line.append(": ");
}

class Feed {
public:
    Feed(std::string_view boundary, const wm::http::MultipartLimits &limits) : parser_(boundary), limits_(limits) {}

    /// More bytes arrive. False: the body is refused.
    bool arrive(std::string_view bytes)
    {
        kept_.append(bytes);
        while (!failed_ && !out_.broken && turn()) {
        }
        out_.kept = std::max(out_.kept, kept_.size());
        return !failed_ && !out_.broken;
    }

    Outcome finish()
    {
        if (!out_.broken) {
            out_.refused = failed_ || !parser_.finish();
            out_.log += out_.refused ? std::string("refused: ") + parser_.failure() : "end";
        }
        return out_;
    }

private:
    /// One step; whether another one may get on.
    bool turn()
    {
        using Step = wm::http::MultipartStep;
        size_t len = kept_.size();
        std::unique_ptr<char[]> data(new char[len]);
        std::copy(kept_.begin(), kept_.end(), data.get());
        Step step = parser_.step(data.get(), len, limits_);
        out_.looks += len;
        if (step.size > len)
            return broken("more consumed than given");
        switch (step.kind) {
        case Step::kPart:
            if (in_part_)
                return broken("a part in a part");
            in_part_ = true;
            out_.parts++;
            out_.log += describe(parser_.part());
            break;
        case Step::kData:
            if (!in_part_ || step.data.empty())
                return broken("data outside of a part, or none");
            out_.log += step.data;
            break;
        case Step::kPartEnd:
            if (!in_part_)
                return broken("an end without a part");
            in_part_ = false;
            out_.log += "\n";
            break;
        case Step::kFail:
            failed_ = true;
            return false;
        case Step::kMore:
            kept_.erase(0, step.size);
            return kept_.size() < limits_.max_part_header_bytes ? false : broken("more is kept than the limit allows");
        }
        kept_.erase(0, step.size);
        return true;
    }

    bool broken(const char *how)
    {
        out_.broken = true;
        out_.log += how;
        return false;
    }

    wm::http::MultipartParser parser_;
    wm::http::MultipartLimits limits_;
    std::string kept_;
    bool in_part_ = false;
    bool failed_ = false;
    Outcome out_;
};

/// Plays a body, cut before each of the offsets in cuts (ascending).
inline Outcome play(std::string_view boundary, std::string_view body, const std::vector<size_t> &cuts = {},
                    const wm::http::MultipartLimits &limits = kLimits)
{
    Feed feed(boundary, limits);
    size_t from = 0;
    bool going = true;
    for (size_t i = 0; going && i < cuts.size(); i++) {
        going = feed.arrive(body.substr(from, cuts[i] - from));
        from = cuts[i];
    }
    if (going)
        feed.arrive(body.substr(from));
    return feed.finish();
}

/// Plays a body one byte at a time.
inline Outcome dribble(std::string_view boundary, std::string_view body, const wm::http::MultipartLimits &limits = kLimits)
{
    std::vector<size_t> cuts;
    for (size_t i = 1; i < body.size(); i++)
        cuts.push_back(i);
    return play(boundary, body, cuts, limits);
}

/// Plays a body whole, one byte at a time, and in two parts cut at every place. Returns the first outcome that differs from that of the
/// whole, or the whole's.
inline Outcome play_all_cuts(std::string_view boundary, std::string_view body, const wm::http::MultipartLimits &limits = kLimits)
{
    Outcome whole = play(boundary, body, {}, limits);
    Outcome other = dribble(boundary, body, limits);
    for (size_t cut = 1; other.log == whole.log && !other.broken && cut < body.size(); cut++)
        other = play(boundary, body, {cut}, limits);
    if (other.log == whole.log && !other.broken)
        return whole;
    other.broken = true;
    other.log = "whole:\n" + whole.log + "\ncut:\n" + other.log;
    return other;
}

} // namespace multipart_feed

#endif
