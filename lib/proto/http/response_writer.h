/**
 * @file
 * Writes the head of a response into the caller's buffer.
 *
 * Pure functions, any thread, no allocation. The caller appends the body, if there is one.
 */
#ifndef WM_PROTO_HTTP_RESPONSE_WRITER_H
#define WM_PROTO_HTTP_RESPONSE_WRITER_H

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string_view>

namespace wm::http {

/// The contents of a head. Fields have passed check_fields or are the library's own.
struct ResponseHead {
    int status = 200;             ///< 200-999: write_interim() is for interim responses (1xx)
    std::string_view fields;      ///< lines "Name: value\r\n", written last
    uint64_t content_length = 0;  ///< length of the body, or of the body that is left out for HEAD; 205 has 0
    bool with_length = true;      ///< write Content-Length; never done for 204 (RFC 9110 §8.6) and 304
    bool keep_alive = true;       ///< the connection stays open after this response
    int minor = 1;                ///< of the request: an HTTP/1.0 client must be told that the connection stays open
    bool says_keep_alive = false; ///< the request says keep-alive: some clients keep a connection only when the answer does, too
    std::string_view date;        ///< format_date's 29 bytes; empty: no Date field
    bool default_type = false;    ///< write Content-Type: text/html;charset=utf-8 unless fields have a Content-Type
    bool chunked = false;         ///< without with_length: write Transfer-Encoding: chunked, where the status has content
};

inline constexpr size_t kDateSize = 29;

/// Whether an answer with that final status has content, unless the request's method forbids it (RFC 9110 §15.3.5, §15.3.6,
/// §15.4.5).
constexpr bool has_content(int status)
{
    return status != 204 && status != 205 && status != 304;
}

/// Checks header lines of the host: nullptr, or the error (static text). The library writes Content-Length,
/// Transfer-Encoding and Date itself, so they are refused; "Connection: close" sets wants_close, any other
/// Connection is refused. A "Connection: close" line stays in fields: write_head does not repeat it.
const char *check_fields(std::string_view fields, bool &wants_close);

/// The largest size of a head with that many bytes of fields.
size_t head_bound(size_t fields_size);

/// Writes the head, blank line included, and with a field Upgrade the connection option that belongs to it (RFC 9110
/// §7.8); out has head_bound(head.fields.size()) bytes. Returns the bytes
/// written.
size_t write_head(char *out, const ResponseHead &head);

/// The first part of that: the status line and Date. out has kMaxStart bytes. Returns their end.
char *write_start(char *out, int status, std::string_view date);
/// The part that follows. Returns its end.
char *write_rest(char *out, const ResponseHead &head);

/// The largest size of what write_start() writes; a head of any kind has room for more.
inline constexpr size_t kMaxStart = 96;

/// The largest size that write_closing() gives a head of that size.
size_t closing_bound(size_t head_size);

/// Rewrites a head that write_head() wrote with keep_alive into one that closes the connection; returns the
/// bytes written.
size_t write_closing(char *out, std::string_view head);

/// Checks header lines of an interim response: nullptr, or the error (static text).
const char *check_interim_fields(std::string_view fields);
/// The largest size of an interim response with that many bytes of fields.
size_t interim_bound(size_t fields_size);
/// Writes an interim response (RFC 9110 §15.2), blank line included. Returns the bytes written.
size_t write_interim(char *out, int status, std::string_view fields);

inline constexpr std::string_view kChunkEnd = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";
inline constexpr size_t kMaxChunkSize = 18; ///< bytes of a chunk's size with its line end

/// Writes what is in front of a chunk of that size, which is above 0 (RFC 9112 §7.1); kChunkEnd follows it. Returns the bytes written.
size_t write_chunk_size(char *out, size_t size);

/// The registered reason phrase (IANA HTTP Status Code Registry) of a status that the host may give; empty where
/// there is none.
std::string_view reason_phrase(int status);

/// IMF-fixdate (RFC 9110 §5.6.7), 29 bytes without NUL; years outside 1970-9999 are clamped. Returns
/// kDateSize.
size_t format_date(time_t when, char out[kDateSize]);

} // namespace wm::http

#endif
