/**
 * @file
 * What an HTTP request carries as names with values: its query, its cookies, the fields and files of its form; and its media type.
 *
 * Names and values are read and decoded when they are asked for. What the functions give out lives as long as the slices of the request
 * (wm/http.h): until the callback returns, or until the next poll; after wm_request_keep, until the request is answered or its connection
 * is closed. Texts are any bytes that the client has sent, UTF-8 as a rule: what is shown to people or used as a name of a file is the
 * host's to check.
 *
 * Names are flat and may be repeated: "a=1&a=2" are two pairs, and "a[]=1" is a pair whose name is "a[]". Nested structures are the host's
 * to build. The lookups by a name return the first of that name.
 *
 * Unless said otherwise a function returns, besides 1 and 0: WM_ECLOSED when the request is answered or its connection gone; WM_ESTATE when
 * its slices have expired, or when a form is asked for whose body comes in pieces (wm/http_body.h); WM_EPROTOCOL for what the client has
 * sent malformed, with the rule in wm_last_error, which a host answers with status 400; WM_EMSGSIZE for more than max_fields names with
 * values, max_parts parts, or max_part_header_bytes of a part, which a host answers with 413; WM_EFULL when the request is kept, and its
 * values would be over max_kept_total; WM_ENOMEM.
 */
#ifndef WM_FORM_H
#define WM_FORM_H

#include "wm/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The path of the target, percent-decoded, "+" being a "+" (RFC 3986 §2.1). It may have "." and ".." as segments, and a "/" or "\" that
 * was percent-encoded: compare what you make of it, after the decoding.
 *
 * @param request the request
 * @param out takes the path
 * @param len takes its length in bytes
 * @return 0; WM_EPROTOCOL for %00, and other errors as above
 *
 * @since 0.1.0
 */
WM_API int wm_request_path_decoded(wm_request request, const void **out, size_t *len);

/**
 * The pair at index of the query, decoded as application/x-www-form-urlencoded (WHATWG URL §5.1): "+" is a space, a pair without "="
 * has an empty value, empty pairs ("&&") do not count.
 *
 * @param request the request
 * @param index from 0, in the order of the query; walking them all costs time in proportion to their number
 * @param name takes the name
 * @param name_len takes the name's length in bytes
 * @param value takes the value
 * @param value_len takes the value's length in bytes
 * @return 1: found, 0: index is past the last pair, or an error as above
 *
 * @since 0.1.0
 */
WM_API int wm_request_query_at(wm_request request, size_t index, const void **name, size_t *name_len, const void **value,
                               size_t *value_len);
/**
 * The value of the first pair of that name in the query.
 *
 * @param request the request
 * @param name decoded, ends in NUL; case matters
 * @param out takes the value; NULL when there is no such pair
 * @param len takes the value's length in bytes
 * @return 1: found, 0: no such pair, or an error as above
 *
 * @since 0.1.0
 */
WM_API int wm_request_query_value(wm_request request, const char *name, const void **out, size_t *len);

/**
 * The field at index of the form that is the body: a pair of application/x-www-form-urlencoded, decoded as that of a query, but that a "%"
 * without two hexadecimal digits stays as it is; or a part of multipart/form-data that is no file. Bodies of other types, or of none, have
 * no fields.
 *
 * @param request the request
 * @param index from 0, in the order of the body
 * @param name takes the name
 * @param name_len takes the name's length in bytes
 * @param value takes the value
 * @param value_len takes the value's length in bytes
 * @return 1: found, 0: index is past the last field, or an error as above
 *
 * @since 0.1.0
 */
WM_API int wm_request_form_at(wm_request request, size_t index, const void **name, size_t *name_len, const void **value, size_t *value_len);
/**
 * The value of the first field of that name in the form, as wm_request_query_value does it for the query.
 *
 * @param request the request
 * @param name ends in NUL; compared as it is
 * @param out takes the value; NULL when there is no such field
 * @param len takes the value's length in bytes
 * @return as wm_request_form_at
 *
 * @since 0.1.0
 */
WM_API int wm_request_form_value(wm_request request, const char *name, const void **out, size_t *len);

/**
 * The cookie at index, of all Cookie fields (RFC 6265 §5.4). The value is what the client has sent, without the white space around it:
 * not decoded, and with its quotes. What has no "=", or no name before it, is skipped.
 *
 * @param request the request
 * @param index from 0, in the order of the fields
 * @param name takes the name
 * @param name_len takes the name's length in bytes
 * @param value takes the value
 * @param value_len takes the value's length in bytes
 * @return 1: found, 0: index is past the last cookie, or an error as above
 *
 * @since 0.1.0
 */
WM_API int wm_request_cookie_at(wm_request request, size_t index, const void **name, size_t *name_len, const void **value,
                                size_t *value_len);
/**
 * The value of the first cookie of that name: a browser sends that of the longest path first (RFC 6265 §5.4).
 *
 * @param request the request
 * @param name ends in NUL; case counts
 * @param out takes the value; NULL when there is no such cookie
 * @param len takes the value's length in bytes
 * @return as wm_request_query_value
 *
 * @since 0.1.0
 */
WM_API int wm_request_cookie(wm_request request, const char *name, const void **out, size_t *len);

/**
 * The type of the body that Content-Type names, without its parameters and in lower case: "application/json" (RFC 9110 §8.3.1).
 *
 * @param request the request
 * @param out takes the type; NULL when there is no Content-Type
 * @param len takes its length in bytes
 * @return 1: found, 0: no Content-Type; WM_EPROTOCOL when it is malformed or there are two, and other errors as above
 *
 * @since 0.1.0
 */
WM_API int wm_request_media_type(wm_request request, const void **out, size_t *len);
/**
 * A parameter of Content-Type, "charset" for instance, without the quotes that it may have.
 *
 * @param request the request
 * @param name ends in NUL; ASCII case is ignored
 * @param out takes the value, its case as sent; NULL when there is no such parameter
 * @param len takes the value's length in bytes
 * @return 1: found, 0: no such parameter, or as wm_request_media_type
 *
 * @since 0.1.0
 */
WM_API int wm_request_media_parameter(wm_request request, const char *name, const void **out, size_t *len);

/** A part of a body of multipart/form-data (RFC 7578). Lengths are bytes; the pointers live as the request's slices do. @since 0.1.0 */
typedef struct wm_part {
    const void *name; /**< of the field, decoded */
    size_t name_len;
    const void *
        filename; /**< as the client names the file, decoded; NULL: the part is no file; empty: a file without a name, or none was chosen */
    size_t filename_len;
    const void *type; /**< Content-Type as sent; empty: none, which means text/plain (RFC 7578 §4.4) */
    size_t type_len;
    const void *headers; /**< the header lines, each with its CRLF */
    size_t headers_len;
    const void *data; /**< the content, as sent: a Content-Transfer-Encoding is not decoded (RFC 7578 §4.7) */
    size_t data_len;
    const char *path; /**< of the file that it was written to (wm/http_body.h), ends in NUL; NULL: none, or one without a name */
    int64_t size;     /**< bytes of the content; of a part in pieces those that have come, this piece included */
    int32_t fd;       /**< descriptor of that file; -1: none */
    int32_t error;    /**< 0; or the WM_E... why it was not written to a file */
} wm_part;

/**
 * The part at index of a body of multipart/form-data: a file or a field. Of one name there may be several.
 *
 * Names are decoded as browsers and other clients encode them: \" and \\ in quotes, and %22, become the character; filename* (RFC 8187)
 * counts in place of a filename beside it. A filename may have "/", "\" or "..": it is a text to show, and no path to write to.
 *
 * A body that breaks RFC 7578 or RFC 2046 §5.1 has no parts: LF without CR, no last boundary, a part without a name or with two, an octet
 * behind a boundary that is neither white space nor the end of its line.
 *
 * @param request the request
 * @param index from 0, in the order of the body
 * @param out takes the part
 * @return 1: found; 0: index is past the last part, or the body is of another type; or an error as above
 *
 * @since 0.1.0
 */
WM_API int wm_request_part_at(wm_request request, size_t index, wm_part *out);
/**
 * All parts of a body of multipart/form-data that the host holds itself, as wm_request_part_at has them: of a request that it has answered,
 * for instance. Any thread; takes no memory.
 *
 * @param type the value of Content-Type; may be NULL when type_len is 0
 * @param type_len bytes at type
 * @param body the body; may be NULL when len is 0
 * @param len bytes at body
 * @param parts takes the parts, whose pointers live as long as body and text
 * @param cap parts that there is room for, at least 1, and max_parts of this body; of a part's header lines there may be 8192 bytes
 * @param text takes the decoded names; they are never more bytes than len
 * @param text_cap bytes that there is room for
 * @return the number of parts; 0 for another type; WM_EPROTOCOL for what is malformed, with the rule; WM_EMSGSIZE for more parts, header
 * lines or bytes of names than there may be; WM_EINVAL. Below 0, parts and text are not defined
 *
 * @since 0.1.0
 */
WM_API int wm_form_parts(const void *type, size_t type_len, const void *body, size_t len, wm_part *parts, size_t cap, void *text,
                         size_t text_cap);
/**
 * The value of the first header line of that name of a part, without the white space around it. Any thread.
 *
 * @param part as wm_request_part_at has filled it, while it lives
 * @param name ends in NUL; ASCII case is ignored
 * @param out takes the value; NULL when there is no such line
 * @param len takes the value's length in bytes
 * @return 1: found, 0: no such line
 *
 * @since 0.1.0
 */
WM_API int wm_part_header(const wm_part *part, const char *name, const void **out, size_t *len);

#ifdef __cplusplus
}
#endif

#endif
