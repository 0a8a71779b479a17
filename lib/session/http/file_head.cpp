#include "session/http/file_head.h"

#include "proto/ascii.h"
#include "proto/http/byte_range.h"
#include "proto/http/conditions.h"
#include "proto/http/fields.h"
#include "proto/http/response_writer.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace wm {

namespace {

constexpr size_t kRoom = 512; // for what the library writes, but for the type

bool has(std::string_view fields, std::string_view name)
{
    std::string_view value;
    return !fields.empty() && http::find_field(fields, name, value);
}

/// What is wrong with header lines of the host beside those that the library writes; nullptr: nothing.
const char *check_given(std::string_view fields)
{
    if (has(fields, "Last-Modified") || has(fields, "Accept-Ranges") || has(fields, "Content-Range"))
        return "Last-Modified, Accept-Ranges and Content-Range are written by the library with WM_FILE_CONDITIONAL";
    std::string_view etag;
    if (has(fields, "ETag") && (!http::only_field(fields, "ETag", etag) || !http::is_entity_tag(etag)))
        return "ETag must be given once, as \"text\" in quotation marks, or W/\"text\" (RFC 9110 §8.8.3)";
    return nullptr;
}

bool is_content(std::string_view name)
{
    return ascii::equal_fold(name.substr(0, 8), "content-");
}

bool nothing(std::string_view)
{
    return false;
}

/// What a 304 leaves out: it is about what the client has already (§15.4.5).
bool of_what_is_there(std::string_view name)
{
    return is_content(name) && !ascii::equal_fold(name, "content-location");
}

/// What is true of the file, and not of an answer that says why there is none.
bool of_the_file(std::string_view name)
{
    for (std::string_view each : {"cache-control", "expires", "etag"})
        if (ascii::equal_fold(name, each))
            return true;
    return is_content(name);
}

} // namespace

FileHead::FileHead(const Representation &file, std::string_view fields)
    : file_(file), given_(fields), wrong_(check_given(fields)), now_(time(nullptr)),
      modified_(std::clamp<int64_t>(file.modified.tv_sec, 0, now_)), length_(file.size), out_(kRoom + file.type.size() + fields.size())
{
    if (wrong_)
        return;
    if (!given_.empty())
        http::find_field(given_, "ETag", etag_);
    if (etag_.empty())
        write_etag();
}

/// By time and size, so that copies on several machines have the same where they keep the time. Weak while the file may
/// change once more without a new time (§8.8.1).
void FileHead::write_etag()
{
    bool settled = file_.modified.tv_sec + 1 < now_;
    int size = snprintf(own_etag_, sizeof own_etag_, "%s\"%llx.%lx-%llx%s%.*s\"", settled ? "" : "W/",
                        static_cast<unsigned long long>(file_.modified.tv_sec), static_cast<unsigned long>(file_.modified.tv_nsec),
                        static_cast<unsigned long long>(file_.size), file_.coding.empty() ? "" : "-", static_cast<int>(file_.coding.size()),
                        file_.coding.data());
    etag_ = {own_etag_, static_cast<size_t>(size)};
}

void FileHead::evaluate(const http::Request &request)
{
    bool get = request.method == "GET";
    http::Validators present = {etag_, modified_, now_};
    status_ = http::evaluate_conditions(request.fields, present, get || request.head);
    http::ByteRange range = {};
    std::string_view ranges;
    auto outcome = http::RangeOutcome::kWhole;
    if (status_ == 0 && get && http::only_field(request.fields, "Range", ranges) && http::range_applies(request.fields, present))
        outcome = http::parse_range(ranges, file_.size, range); // §14.2: of GET alone
    if (outcome == http::RangeOutcome::kPart) {
        status_ = 206;
        offset_ = range.offset;
        length_ = range.length;
    } else if (outcome == http::RangeOutcome::kUnsatisfiable) {
        status_ = 416;
    } else if (status_ == 0) {
        status_ = 200;
    }
    if (status_ >= 300)
        length_ = 0;
    write();
}

void FileHead::write()
{
    put_fields_but(status_ == 304 ? of_what_is_there : status_ > 304 ? of_the_file : nothing);
    if (file_.varies)
        put_line("Vary", "Accept-Encoding");
    if (status_ <= 304 && !has(given_, "ETag"))
        put_line("ETag", etag_);
    if (status_ == 206 || status_ == 416)
        put_content_range();
    if (status_ > 206)
        return;
    char date[http::kDateSize];
    http::format_date(static_cast<time_t>(modified_), date);
    put_line("Last-Modified", {date, sizeof date});
    put_line("Accept-Ranges", "bytes");
    if (!file_.type.empty() && !has(given_, "Content-Type"))
        put_line("Content-Type", file_.type);
    if (!file_.coding.empty())
        put_line("Content-Encoding", file_.coding);
}

void FileHead::put(std::string_view text)
{
    memcpy(out_.data() + size_, text.data(), text.size());
    size_ += text.size();
}

void FileHead::put_line(std::string_view name, std::string_view value)
{
    put(name);
    put(": ");
    put(value);
    put("\r\n");
}

void FileHead::put_content_range()
{
    char text[80];
    int size = status_ == 416
                   ? snprintf(text, sizeof text, "bytes */%llu", static_cast<unsigned long long>(file_.size))
                   : snprintf(text, sizeof text, "bytes %llu-%llu/%llu", static_cast<unsigned long long>(offset_),
                              static_cast<unsigned long long>(offset_ + length_ - 1), static_cast<unsigned long long>(file_.size));
    put_line("Content-Range", {text, static_cast<size_t>(size)});
}

void FileHead::put_fields_but(bool (*left_out)(std::string_view name))
{
    size_t begin = 0, end = 0;
    std::string_view name, value;
    for (; http::field_at(given_, end, name, value); begin = end)
        if (!left_out(name))
            put(given_.substr(begin, end - begin));
}

} // namespace wm
