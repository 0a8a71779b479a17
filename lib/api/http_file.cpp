#include "wm/http_file.h"

#include "api/request.h"
#include "proto/http/media_types.h"
#include "session/http/system_types.h"

using namespace wm;

int wm_request_respond_fd(wm_request request, int32_t status, const void *headers, size_t headers_len, int fd, int64_t offset,
                          int64_t length, int32_t flags)
{
    if (int wrong = check_flags(flags, kSendFlags | WM_FILE_CONDITIONAL))
        return noted(request, wrong);
    if (int wrong = check_span("headers", headers, headers_len))
        return noted(request, wrong);
    FileRange range = {fd, offset, length < 0 ? SIZE_MAX : static_cast<size_t>(length)};
    auto respond = [&](HttpRequests &requests, HttpRequest &self) {
        return requests.respond_fd(self, {status, span(headers, headers_len), range, flags});
    };
    if (flags & WM_FILE_CONDITIONAL)
        return noted(request, with_readable(request, respond));
    return noted(request, with_request(request, [&](App &app, HttpRequest &self) { return respond(app.sessions->requests, self); }));
}

int wm_request_respond_file(wm_request request, int directory, const void *path, size_t path_len, const void *headers, size_t headers_len,
                            int32_t flags)
{
    if (int wrong = check_flags(flags, kSendFlags | WM_FILE_CONDITIONAL | WM_FILE_PRECOMPRESSED))
        return noted(request, wrong);
    if (int wrong = check_span("path", path, path_len))
        return noted(request, wrong);
    if (int wrong = check_span("headers", headers, headers_len))
        return noted(request, wrong);
    return noted(request, with_readable(request, [&](HttpRequests &requests, HttpRequest &self) {
                     return requests.respond_file(self, directory, span(path, path_len), span(headers, headers_len), flags);
                 }));
}

const char *wm_media_type(const char *name)
{
    std::string_view text = name ? name : "";
    std::string_view extension = http::extension_of(text);
    if (extension.empty() && text.find_first_of("./") == std::string_view::npos)
        extension = text;
    const char *found = type_of_extension(extension);
    return found ? found : http::kUnknownType;
}
