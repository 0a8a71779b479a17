/**
 * @file
 * What a request has whose form comes in pieces: the reader of its parts, and the files that these are written to. Owned by its
 * HttpRequest, or by the call that hands a piece on; the app's thread.
 */
#ifndef WM_SESSION_HTTP_REQUEST_PARTS_H
#define WM_SESSION_HTTP_REQUEST_PARTS_H

#include "proto/http/multipart.h"
#include "session/http/upload_file.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace wm {

/// Reads a form in pieces. The head of a part is copied, so that it outlives the pieces that it came in: at most three times
/// max_part_header_bytes, and as much of one that is incomplete.
class PartReader {
public:
    enum class Event : uint8_t { kMore, kPart, kPiece, kFail, kNoMemory };

    explicit PartReader(std::string_view boundary) : parser_(boundary) {}

    /// Reads on in data, and removes what it has read. kPart: a part begins. kPiece: of its content, in piece(); a part has at least one,
    /// and one that is last().
    Event next(std::string_view &data, const http::MultipartLimits &limits);
    /// The whole body has been read. False: it ends too early.
    bool finish() { return parser_.finish(); }

    // Of the last part. nullptr as filename's data(): it is no file.
    std::string_view name() const { return name_; }
    std::string_view filename() const { return filename_; }
    std::string_view type() const { return type_; }
    std::string_view fields() const { return fields_; }
    std::string_view piece() const { return piece_; }
    bool last() const { return last_; }
    /// The piece is gone with the next step: it is no slice of what was fed.
    bool piece_is_own() const { return own_; }

    /// After kFail, or finish().
    const char *failure() const { return parser_.failure(); }
    bool over_limit() const { return parser_.limit() != 0; }

private:
    bool keep(std::string_view data);
    bool take_head();
    bool step(std::string_view &data, const http::MultipartLimits &limits, http::MultipartStep &out);

    http::MultipartParser parser_;
    std::vector<char> kept_; ///< a head that has not come whole
    std::vector<char> text_; ///< what the views below refer to
    std::string_view name_, filename_, type_, fields_;
    std::string_view piece_;
    bool last_ = false;
    bool own_ = false;
};

struct RequestParts {
    RequestParts(std::string_view boundary, size_t &uploads) : reader(boundary), open_files(uploads) {}
    RequestParts(const RequestParts &) = delete;
    RequestParts &operator=(const RequestParts &) = delete;
    ~RequestParts()
    {
        while (files)
            drop_file();
    }

    void add_file(std::unique_ptr<UploadFile> file)
    {
        file->next = std::move(files);
        files = std::move(file);
        open_files++;
    }
    /// Drops the latest.
    void drop_file()
    {
        files = std::move(files->next);
        open_files--;
    }

    PartReader reader;
    std::unique_ptr<UploadFile> files;  ///< the latest first
    size_t &open_files;                 ///< of all requests
    uint64_t size = 0;                  ///< bytes of the part so far
    int error = 0;                      ///< WM_E...: why it is not stored
    bool stored = false;                ///< the part goes to a file: the latest, unless there is an error
    std::unique_ptr<RequestParts> next; ///< of those that records refer to, and whose requests have ended
};

} // namespace wm

#endif
