// PartReader, which has a form in pieces, against the parser that has all of it: the same parts, contents and verdict, however the bytes
// are cut; the head of a part outlives the pieces that it came in. form_input.h has what the input is.
#include "form_input.h"
#include "proto/http/form_body.h"
#include "session/http/request_parts.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using fuzz::check_same;
using std::string;
using std::string_view;

/// "[name][filename][type]{fields}: "
string describe(string_view name, string_view filename, string_view type, string_view fields)
{
    string out;
    for (string_view text : {name, filename, type})
        out.append("[").append(text.data() ? text : "none").append("]");
    return out.append("{").append(fields).append("}: ");
}

/// What the parser says of the whole.
string read_whole(const fuzz::FormInput &form)
{
    string log;
    wm::http::MultipartParser parser(form.boundary);
    auto on = [&](const wm::http::MultipartStep &step) {
        if (step.kind == wm::http::MultipartStep::kData)
            log += step.data;
        if (step.kind == wm::http::MultipartStep::kPartEnd)
            log += "\n";
        if (step.kind != wm::http::MultipartStep::kPart)
            return;
        const wm::http::PartHead &head = parser.part();
        string name(head.text_size(), '\0'), filename(head.text_size(), '\0');
        name.resize(static_cast<size_t>(wm::http::decode_part_name(name.data(), head) - name.data()));
        if (head.is_file())
            filename.resize(static_cast<size_t>(wm::http::decode_part_filename(filename.data(), head) - filename.data()));
        log += describe(name, head.is_file() ? string_view(filename) : string_view(), head.type.data() ? head.type : "", head.fields);
    };
    const char *wrong = wm::http::each_part_event(parser, form.body, form.limits, on);
    return log + (wrong ? string("refused: ") + wrong + (parser.limit() ? " (limit)" : "") : "end");
}

class Reading {
public:
    explicit Reading(const fuzz::FormInput &form) : form_(form), reader_(form.boundary) {}

    /// A copy of the bytes arrives, and is freed behind it. False: the form is refused.
    bool arrive(string_view bytes)
    {
        std::unique_ptr<char[]> copy(new char[bytes.size()]);
        std::copy(bytes.begin(), bytes.end(), copy.get());
        string_view data(copy.get(), bytes.size());
        fed_ = data;
        while (turn(data)) {
        }
        must(refused_ || data.empty(), "bytes are left over");
        return !refused_;
    }

    string finish()
    {
        bool whole = !refused_ && reader_.finish();
        must(!whole || !in_part_, "a form that ends in a part");
        return log_ + (whole ? "end" : string("refused: ") + reader_.failure() + (reader_.over_limit() ? " (limit)" : ""));
    }

private:
    void must(bool holds, const char *what) const { check_same(holds, what, form_.body, log_); }

    bool turn(string_view &data)
    {
        using Event = wm::PartReader::Event;
        size_t before = data.size();
        Event event = reader_.next(data, form_.limits);
        must(data.size() <= before && (data.empty() || data.data() + data.size() == fed_.data() + fed_.size()),
             "not a rest of what was fed");
        must(event != Event::kNoMemory, "out of memory");
        if (event == Event::kPart) {
            must(!in_part_, "a part in a part");
            in_part_ = true;
            head_ = head();
            log_ += head_;
        }
        if (event == Event::kPiece)
            take_piece();
        refused_ = event == Event::kFail;
        return event == Event::kPart || event == Event::kPiece;
    }

    void take_piece()
    {
        string_view piece = reader_.piece();
        must(in_part_ && head_ == head(), "a piece of no part, or of one whose head is gone");
        must(!piece.empty() || reader_.last(), "an empty piece that is not the last");
        bool is_fed = piece.data() >= fed_.data() && piece.data() + piece.size() <= fed_.data() + fed_.size();
        must(piece.empty() || reader_.piece_is_own() != is_fed, "a piece of another memory than it says");
        in_part_ = !reader_.last();
        log_ += piece;
        log_ += in_part_ ? "" : "\n";
    }

    string head() const { return describe(reader_.name(), reader_.filename(), reader_.type(), reader_.fields()); }

    const fuzz::FormInput &form_;
    wm::PartReader reader_;
    string_view fed_;
    string log_, head_;
    bool in_part_ = false;
    bool refused_ = false;
};

string read_cut(const fuzz::FormInput &form, const std::vector<size_t> &cuts)
{
    Reading reading(form);
    string_view body = form.body;
    size_t from = 0;
    for (size_t cut : cuts) {
        if (!reading.arrive(body.substr(from, cut - from)))
            return reading.finish();
        from = cut;
    }
    reading.arrive(body.substr(from));
    return reading.finish();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz::FormInput form = fuzz::take_form(data, size);
    string whole = read_whole(form);
    std::vector<size_t> each;
    for (size_t i = 1; i < form.body.size(); i++)
        each.push_back(i);
    for (const std::vector<size_t> &cuts : {std::vector<size_t>(), form.cuts, each}) {
        string cut = read_cut(form, cuts);
        check_same(whole == cut, "the outcome hangs on the cuts", whole, cut);
    }
    return 0;
}
