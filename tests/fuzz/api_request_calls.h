/**
 * @file
 * The calls of a random API program on requests: what they carry, and their answers, whole, in parts and of files.
 */
#ifndef FUZZ_API_REQUEST_CALLS_H
#define FUZZ_API_REQUEST_CALLS_H

#include "api_machine.h"

namespace fuzz {

inline void look_at_request(Machine &m)
{
    wm_request request = m.request();
    m.world.check_kept(request);
    const void *name = nullptr, *value = nullptr;
    size_t name_len = 0, len = 0;
    constexpr int (*kSlices[])(wm_request, const void **, size_t *) = {wm_request_path, wm_request_query, wm_request_authority,
                                                                       wm_request_version, wm_request_body};
    for (auto get : kSlices)
        if (m.world.call([&] { return get(request, &value, &len); }) == 0)
            m.world.touch(value, len);
    if (m.world.call([&] { return wm_request_header(request, "host", &value, &len); }) == 1)
        m.world.touch(value, len);
    constexpr size_t kIndexes[] = {0, 1, 2, 100, SIZE_MAX};
    size_t index = m.program.one_of(kIndexes);
    if (m.world.call([&] { return wm_request_header_at(request, index, &name, &name_len, &value, &len); }) == 1)
        m.world.touch(value, len);
    wm_request_conn(request);
}

inline void read_values(Machine &m)
{
    wm_request request = m.request();
    const void *name = nullptr, *value = nullptr;
    size_t name_len = 0, len = 0;
    constexpr int (*kPairs[])(wm_request, size_t, const void **, size_t *, const void **,
                              size_t *) = {wm_request_query_at, wm_request_form_at, wm_request_cookie_at, wm_request_header_at};
    auto pair_at = m.program.one_of(kPairs);
    for (size_t i = 0; m.world.call([&] { return pair_at(request, i, &name, &name_len, &value, &len); }) == 1; i++) {
        m.world.touch(name, name_len);
        m.world.touch(value, len);
    }
    wm_part part;
    for (size_t i = 0; m.world.call([&] { return wm_request_part_at(request, i, &part); }) == 1; i++) {
        m.world.touch(part.data, part.data_len);
        if (wm_part_header(&part, "content-disposition", &value, &len) == 1)
            m.world.touch(value, len);
    }
    for (size_t i = 0; m.world.call([&] { return wm_request_trailer_at(request, i, &name, &name_len, &value, &len); }) == 1; i++)
        m.world.touch(value, len);
    if (m.world.call([&] { return wm_request_media_type(request, &value, &len); }) == 1)
        m.world.touch(value, len);
    if (m.world.call([&] { return wm_request_path_decoded(request, &value, &len); }) == 0)
        m.world.touch(value, len);
    constexpr int (*kLookups[])(wm_request, const char *, const void **, size_t *) = {
        wm_request_query_value, wm_request_form_value, wm_request_cookie, wm_request_media_parameter, wm_request_trailer};
    auto look_up = m.program.one_of(kLookups);
    if (m.world.call([&] { return look_up(request, "a", &value, &len); }) == 1)
        m.world.touch(value, len);
}

inline void read_form(Machine &m)
{
    constexpr std::string_view kTypes[] = {"multipart/form-data; boundary=b", "multipart/form-data", "a/b", "",
                                           "multipart/form-data; boundary=\""};
    constexpr std::string_view kForm = "--b\r\nContent-Disposition: form-data; name=\"a%22\"; filename=f\r\n\r\nc\r\n--b--\r\n";
    constexpr size_t kRooms[] = {32, 1, 0};
    std::string_view type = m.program.one_of(kTypes);
    Span body = m.program.pick(2) == 0 ? Span{kForm.data(), kForm.size(), false} : m.span();
    std::vector<wm_part> parts(m.program.pick(4));
    std::vector<char> text(m.program.one_of(kRooms));
    if (body.data && body.lies && body.len <= SIZE_MAX / 8)
        return; // a length that memory could have
    int64_t count = m.world.call(
        [&] { return wm_form_parts(type.data(), type.size(), body.data, body.len, parts.data(), parts.size(), text.data(), text.size()); });
    check(count <= static_cast<int64_t>(parts.size()) && (count <= 0 || !body.lies), "parts that cannot be");
    const void *value = nullptr;
    size_t len = 0;
    for (size_t i = 0; static_cast<int64_t>(i) < count; i++) {
        m.world.touch(parts[i].name, parts[i].name_len);
        m.world.touch(parts[i].data, parts[i].data_len);
        if (m.world.call([&] { return wm_part_header(&parts[i], "content-disposition", &value, &len); }) == 1)
            m.world.touch(value, len);
    }
}

inline void keep(Machine &m)
{
    m.world.keep(m.request());
}

/// Header lines with the number of the answer, which peers check.
inline std::string numbered_fields(Machine &m, wm_request request)
{
    std::string fields(m.program.one_of(kFields));
    auto known = m.world.requests.find(request);
    if (known != m.world.requests.end())
        fields += std::string(kNumber) + std::to_string(known->second.number) + "\r\n";
    return fields;
}

inline void respond(Machine &m)
{
    constexpr int32_t kStatus[] = {200, 200, 204, 304, 404, 503, 100, 599, 600, -1};
    wm_request request = m.request();
    int32_t status = m.program.one_of(kStatus), flags = m.program.one_of(kFlags);
    Span body = m.span();
    std::string fields = numbered_fields(m, request);
    int64_t result =
        m.world.call([&] { return wm_request_respond(request, status, fields.data(), fields.size(), body.data, body.len, flags); });
    // The length of a body that is not sent, as to HEAD, can be any that memory has.
    bool unbelievable = body.lies && (!body.data || body.len > SIZE_MAX / 8);
    check(result < 0 || (!unbelievable && !(flags & ~kSendFlags)), "an answer that cannot be was taken");
    check(result < 0 || wm_request_respond(request, 200, nullptr, 0, nullptr, 0, 0) < 0, "two answers to one request");
}

/// A call that goes on with an answer in parts, in any order; nothing is known of what it returns.
inline void stream(Machine &m)
{
    wm_request request = m.request();
    constexpr int32_t kStatus[] = {200, 200, 204, 304, 103, 199, 600};
    constexpr int64_t kLengths[] = {-1, -1, 0, 3, 100, INT64_MAX, INT64_MIN};
    int32_t status = m.program.one_of(kStatus);
    int64_t length = m.program.one_of(kLengths);
    std::string_view fields = m.program.one_of(kFields);
    Span text = m.span();
    auto call = [&]() -> int {
        switch (m.program.pick(8)) {
        case 0:
            return wm_request_respond_begin(request, status, fields.data(), fields.size(), length);
        case 1:
            return wm_request_respond_end(request);
        case 2:
            return m.program.pick(4) == 0 ? wm_request_respond_abort(request) : wm_request_respond_end(request);
        case 3:
            return wm_request_inform(request, status, fields.data(), fields.size());
        case 4:
            return wm_request_event_begin(request, fields.data(), fields.size());
        case 5:
            return wm_request_event_send(request, "1", 1, nullptr, 0, length, text.data, text.len);
        case 6:
            return wm_request_event_comment(request, text.data, text.len);
        default:
            return wm_request_respond_write(request, text.data, text.len);
        }
    };
    m.world.call(call);
    m.with_user(false, [&](User *user) { return wm_request_set_user(request, user, World::destroy); });
    wm_request_user(request);
}

inline void answer_handshake(Machine &m)
{
    wm_request request = m.request();
    auto known = m.world.requests.find(request);
    std::string_view fields = m.program.one_of(kFields);
    bool accepts = m.program.pick(4) != 0;
    Span body = accepts ? Span{nullptr, 0, false} : m.span();
    auto answer = [&] {
        return accepts ? wm_handshake_accept(request, fields.data(), fields.size())
                       : wm_handshake_reject(request, 403, fields.data(), fields.size(), body.data, body.len);
    };
    App *app = known != m.world.requests.end() ? m.world.conns[known->second.conn].app : nullptr;
    int64_t result = app ? m.world.enter(*app, answer) : m.world.call(answer);
    check(result < 0 || !body.lies, "an answer that cannot be was taken");
}

inline void respond_fd(Machine &m)
{
    constexpr const char *kPaths[] = {"page.html", "large", "sub", "none"};
    constexpr int64_t kOffsets[] = {0, 0, 1, 200, 100001, -1, INT64_MAX}, kLengths[] = {-1, -1, 0, 3, 100, INT64_MAX, INT64_MIN};
    constexpr int32_t kStatus[] = {200, 200, 404, 204, 304, 600};
    constexpr int32_t kFileFlags[] = {0, 0, WM_FILE_CONDITIONAL, WM_FILE_CONDITIONAL, WM_SEND_NOW, WM_FILE_PRECOMPRESSED, -1};
    wm_request request = m.request();
    int fd = openat(Files::descriptor(), m.program.one_of(kPaths), O_RDONLY | O_CLOEXEC);
    int64_t offset = m.program.one_of(kOffsets), length = m.program.one_of(kLengths);
    int32_t status = m.program.one_of(kStatus), flags = m.program.one_of(kFileFlags);
    std::string fields = numbered_fields(m, request);
    int64_t result =
        m.world.call([&] { return wm_request_respond_fd(request, status, fields.data(), fields.size(), fd, offset, length, flags); });
    check(result < 0 || fd >= 0, "an answer of no file");
    check(result >= 0 || fd < 0 || ::close(fd) == 0, "a file of a refused answer that was closed");
}

inline void respond_file(Machine &m)
{
    constexpr std::string_view kPaths[] = {"page.html", "/page.html", "large", "link", "", "sub", "none", "../a", {"a\0b", 3}};
    constexpr int32_t kFileFlags[] = {0, 0, WM_FILE_PRECOMPRESSED, 48, WM_FILE_CONDITIONAL, 64, -1};
    wm_request request = m.request();
    Span lie = m.span();
    std::string_view path = m.program.one_of(kPaths);
    const int kDirectories[] = {Files::descriptor(), Files::descriptor(), -1, AT_FDCWD};
    int directory = m.program.one_of(kDirectories);
    int32_t flags = m.program.one_of(kFileFlags);
    std::string fields = numbered_fields(m, request);
    Span given = lie.lies ? lie : Span{path.data(), path.size(), false};
    int64_t result = m.world.call(
        [&] { return wm_request_respond_file(request, directory, given.data, given.len, fields.data(), fields.size(), flags); });
    check(result < 0 || (!given.lies && directory >= 0 && flags >= 0), "a file that cannot be was taken");
}

inline void upgrade(Machine &m)
{
    wm_request request = m.request();
    std::string fields = numbered_fields(m, request);
    m.world.call([&] { return wm_request_upgrade(request, fields.data(), fields.size()); });
}

inline void cookie(Machine &m)
{
    constexpr const char *kCookies[] = {"a", "a", "__Host-a", "__Secure-a", "", "a b", nullptr};
    constexpr const char *kDomains[] = {nullptr, "", "example.com", ".a", "a;b"}, *kPaths[] = {nullptr, "/", "", "a", "/;"};
    constexpr int32_t kCookieFlags[] = {0, 1, 3, 8, 16, 33, 37, 64, 24, 127, 128, -1};
    constexpr size_t kCaps[] = {8192, 100, 20, 1, 0};
    const char *name = m.program.one_of(kCookies), *domain = m.program.one_of(kDomains), *path = m.program.one_of(kPaths);
    int64_t age = m.program.one_of(kNumbers), expires = m.program.one_of(kNumbers);
    int32_t flags = m.program.one_of(kCookieFlags);
    std::vector<char> line(m.program.one_of(kCaps));
    std::string_view own = m.program.bytes();
    Span lie = m.span();
    Span value = lie.lies ? lie : Span{own.data(), own.size(), false};
    int64_t result = m.world.call(
        [&] { return wm_cookie_format(line.data(), line.size(), name, value.data, value.len, domain, path, age, expires, flags); });
    check(result < 0 || (!value.lies && static_cast<size_t>(result) < line.size()), "a cookie that cannot be");
    std::string_view text = result < 0 ? "Set-Cookie: \r\n" : std::string_view(line.data());
    check(text.starts_with("Set-Cookie: ") && text.find("\r\n") == text.size() - 2, "no header line, or several");
    check(result < 0 || text.size() == static_cast<size_t>(result), "a line of another length than it says");
    check(*wm_media_type(m.program.pick(2) ? name : std::string(own).c_str()), "no media type");
}

} // namespace fuzz

#endif
