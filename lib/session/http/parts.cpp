// The part of HttpRequests that hands the parts of a form on as they come, or writes its files.
#include "session/http/requests.h"

#include "conn/reactor.h"
#include "core/error.h"

#include <cerrno>
#include <cstring>
#include <memory>
#include <new>

namespace wm {

namespace {

http::MultipartLimits part_limits(const EndpointOptions &options)
{
    return {static_cast<size_t>(options.max_parts), static_cast<size_t>(options.max_part_header_bytes)};
}

int code_of_file_errno(int number)
{
    return number == ENOENT || number == ENOTDIR ? WM_ENOENT : number == ENOMEM ? WM_ENOMEM : code_of_errno(number);
}

wm_part part_of(const RequestParts &parts)
{
    const PartReader &reader = parts.reader;
    bool has_file = parts.stored && parts.error == 0;
    wm_part part = {};
    part.name = reader.name().data();
    part.name_len = reader.name().size();
    part.filename = reader.filename().data();
    part.filename_len = reader.filename().size();
    part.type = reader.type().data();
    part.type_len = reader.type().size();
    part.headers = reader.fields().data();
    part.headers_len = reader.fields().size();
    part.data = parts.stored ? "" : reader.piece().data();
    part.data_len = parts.stored ? 0 : reader.piece().size();
    part.path = has_file ? parts.files->path() : nullptr;
    part.fd = has_file ? parts.files->fd() : -1;
    part.error = parts.error;
    part.size = static_cast<int64_t>(parts.size);
    return part;
}

} // namespace

/// Makes what reads the body if it is a form. False: the connection has ended, or the request is refused.
bool HttpRequests::begin_parts(Connection &conn, HttpRequest &request)
{
    const ValueBlock *media = nullptr;
    std::string_view boundary;
    bool known = values(request, ValueKind::kMedia, media) == 0;
    if (known && !is_multipart(*media))
        return true;
    const char *wrong = !media ? nullptr : known ? find_boundary(*media, boundary) : media->wrong;
    if (wrong) {
        refuse(conn, 400, wrong, WM_REASON_PROTOCOL, request.slices.head);
        return false;
    }
    if (media && make_room(request, 0))
        request.held->parts = new (std::nothrow) RequestParts(boundary, uploads_);
    if (!request.parts())
        reactor_.lifecycle.destroy(conn, WM_REASON_ERROR, ENOMEM);
    return request.parts();
}

/// The body is complete. False: the form is not, and its request is refused.
bool HttpRequests::end_parts(Connection &conn, HttpRequest &request)
{
    PartReader &reader = request.parts()->reader;
    if (reader.finish())
        return true;
    refuse(conn, 400, reader.failure(), WM_REASON_PROTOCOL, request.slices.head);
    return false;
}

/// Hands on what is in data, as long as the host wants it, and removes that. The request or the connection may have ended then.
void HttpRequests::deliver_parts(Connection &conn, std::string_view &data)
{
    HttpRequest *request = http_session(conn).receiving;
    const uint64_t id = request->id;
    Id place = unpack_id(id);
    while (request && !request->finished() && reactor_.inbox.wants_next(conn)) {
        RequestParts &parts = *request->parts();
        switch (parts.reader.next(data, part_limits(conn.owner->options))) {
        case PartReader::Event::kMore:
            return;
        case PartReader::Event::kNoMemory:
            reactor_.lifecycle.destroy(conn, WM_REASON_ERROR, ENOMEM);
            return;
        case PartReader::Event::kFail:
            refuse(conn, parts.reader.over_limit() ? 413 : 400, parts.reader.failure(), WM_REASON_PROTOCOL, request->slices.head);
            return;
        case PartReader::Event::kPart:
            begin_upload(conn, parts);
            break;
        case PartReader::Event::kPiece:
            if (!take_part_piece(conn, *request))
                return;
            request = table_.find(place.slot, place.generation);
        }
    }
}

/// Hands a piece of a part on, or writes it. False: the request is refused, or the connection has ended.
bool HttpRequests::take_part_piece(Connection &conn, HttpRequest &request)
{
    RequestParts &parts = *request.parts();
    std::string_view piece = parts.reader.piece();
    uint64_t longest = static_cast<uint64_t>(conn.owner->options.max_upload);
    parts.size += piece.size();
    if (parts.stored && longest != 0 && parts.size > longest) {
        refuse(conn, 413, "a file of the form is longer than max_upload", WM_REASON_PROTOCOL, request.slices.head);
        return false;
    }
    if (parts.stored && parts.error == 0) {
        bool last = parts.reader.last();
        if (!parts.files->write(piece) || (last && !parts.files->rewind())) {
            int number = errno;
            parts.drop_file();
            fail_upload(conn, parts, code_of_file_errno(number), strerror(number));
        }
    }
    if (parts.stored && !parts.reader.last())
        return true;
    if (conn.callback(&ConnCallbacks::part))
        call_part(conn, request);
    else if (!reactor_.dispatch.part_record(conn, part_of(parts), parts.reader.last(), request.id, parts.reader.piece_is_own())) {
        reactor_.lifecycle.destroy(conn, WM_REASON_ERROR, ENOMEM);
        return false;
    }
    return true;
}

/// Calls the host. It may end the request, whose parts live on until it returns.
void HttpRequests::call_part(Connection &conn, HttpRequest &request)
{
    Id place = unpack_id(request.id);
    std::unique_ptr<RequestParts> parts(std::exchange(request.held->parts, nullptr));
    reactor_.dispatch.part(conn, part_of(*parts), parts->reader.last(), request.id);
    if (HttpRequest *still = table_.find(place.slot, place.generation))
        still->held->parts = parts.release();
}

/// A part begins: makes its file, if it is to have one.
void HttpRequests::begin_upload(Connection &conn, RequestParts &parts)
{
    const std::string &directory = conn.owner->options.upload_dir;
    parts.size = 0;
    parts.error = 0;
    parts.stored = !directory.empty() && parts.reader.filename().data();
    if (!parts.stored)
        return;
    if (uploads_ >= reactor_.max_upload_total) {
        fail_upload(conn, parts, WM_EFULL, "as many files as max_uploads allows are open");
        return;
    }
    if (std::unique_ptr<UploadFile> file = UploadFile::make(directory))
        parts.add_file(std::move(file));
    else
        fail_upload(conn, parts, code_of_file_errno(errno), strerror(errno));
}

/// The request ends: the files that records of this poll refer to stay until the next one.
void HttpRequests::end_files(const Connection &conn, HttpRequest &request)
{
    RequestParts *parts = request.parts();
    if (!parts || !parts->files || !reactor_.dispatch.host_has_records(conn))
        return;
    request.held->parts = nullptr;
    parts->next = std::move(batch_parts_);
    batch_parts_.reset(parts);
}

void HttpRequests::fail_upload(const Connection &conn, RequestParts &parts, int code, const char *text)
{
    parts.error = code;
    if (upload_throttle_.due(reactor_.loop.now_ms()))
        upload_throttle_.log(WM_LOG_ERROR, "worker %s (%s): a file of a form cannot be stored in upload_dir %s: %s",
                             conn.owner->options.name.c_str(), conn.owner->display.c_str(), conn.owner->options.upload_dir.c_str(), text);
}

} // namespace wm
