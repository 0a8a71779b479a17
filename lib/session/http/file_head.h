/**
 * @file
 * What a request gets of a file: status, range and header lines, by its conditions (RFC 9110 §13, §14). On the stack; the app's
 * thread.
 */
#ifndef WM_SESSION_HTTP_FILE_HEAD_H
#define WM_SESSION_HTTP_FILE_HEAD_H

#include "proto/http/request_parser.h"
#include "session/http/head_buffer.h"

#include <cstdint>
#include <ctime>
#include <string_view>

namespace wm {

/// A file, or a part of one, as the representation of what a request is for.
struct Representation {
    struct timespec modified;
    uint64_t size;                ///< bytes
    std::string_view type = {};   ///< Content-Type, unless the host gives one; empty: none
    std::string_view coding = {}; ///< Content-Encoding; empty: none
    bool varies = false;          ///< Accept-Encoding chooses among several
};

class FileHead {
public:
    /// `fields` are the host's, checked. After it, look at wrong() and ok().
    FileHead(const Representation &file, std::string_view fields);

    /// Static text: what the host must not have given; nullptr: nothing.
    const char *wrong() const { return wrong_; }
    /// False when out of memory, which only long fields can need.
    bool ok() { return out_.data(); }

    /// By the request's conditions and its range.
    void evaluate(const http::Request &request);

    int status() const { return status_; } ///< 200, 206, 304, 412 or 416
    uint64_t offset() const { return offset_; }
    uint64_t length() const { return length_; } ///< of the body; 0 with another status than 200 and 206
    std::string_view fields() { return {out_.data(), size_}; }

private:
    void write_etag();
    void write();
    void put(std::string_view text);
    void put_line(std::string_view name, std::string_view value);
    void put_content_range();
    void put_fields_but(bool (*left_out)(std::string_view name));

    const Representation &file_;
    std::string_view given_;
    std::string_view etag_;
    const char *wrong_ = nullptr;
    int64_t now_;
    int64_t modified_; ///< seconds; not ahead of now_ (§8.8.2.1)
    int status_ = 200;
    uint64_t offset_ = 0;
    uint64_t length_;
    size_t size_ = 0;
    HeadBuffer out_;
    char own_etag_[80];
};

} // namespace wm

#endif
