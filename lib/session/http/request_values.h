/**
 * @file
 * What a request carries as names and values, decoded at the first access: path, query, cookies, media type, form, parts.
 *
 * Each kind is one block: its entries, then the text that they point to, so that they do not depend on the request's slices. Made by
 * HttpRequests, owned by the request; the app's thread.
 */
#ifndef WM_SESSION_HTTP_REQUEST_VALUES_H
#define WM_SESSION_HTTP_REQUEST_VALUES_H

#include "proto/http/pairs.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm {

struct HttpRequest;

/// kParts has entries of RequestPart, the others of http::Pair. kPath: one, its name is the path. kMedia: the first one's name is the
/// type, the others are its parameters.
enum class ValueKind : uint8_t { kPath, kQuery, kForm, kCookies, kMedia, kParts };
inline constexpr size_t kValueKinds = 6;

/// A part of a multipart body. Places are offsets in the body, which wm_request_keep moves.
struct RequestPart {
    struct Place {
        size_t at = 0, size = 0;
        std::string_view in(std::string_view body) const { return body.substr(at, size); }
    };

    std::string_view name;
    std::string_view filename; ///< nullptr: it is no file
    Place fields, type, data;
    size_t field; ///< of the n-th part: which part is the n-th one that is no file
};

struct ValueBlock {
    size_t bytes = 0;            ///< of the allocation
    const char *wrong = nullptr; ///< why there are no entries (static text)
    int code = 0;                ///< WM_E..., of wrong
    size_t limit = 0;            ///< that would be exceeded; 0: none
    size_t count = 0;
    size_t fields = 0; ///< kParts: those that are no files

    template <class Entry> Entry *entries() { return reinterpret_cast<Entry *>(this + 1); }
    template <class Entry> const Entry *entries() const { return reinterpret_cast<const Entry *>(this + 1); }
    const http::Pair &pair(size_t index) const { return entries<http::Pair>()[index]; }
    const RequestPart &part(size_t index) const { return entries<RequestPart>()[index]; }
};

/// Of the block of kMedia.
bool is_multipart(const ValueBlock &media);
/// The boundary of a media type that is multipart/form-data: nullptr, or an error text.
const char *find_boundary(const ValueBlock &media, std::string_view &out);

struct RequestValues {
    explicit RequestValues(HttpRequest &of) : request(of) {}
    RequestValues(const RequestValues &) = delete;
    RequestValues &operator=(const RequestValues &) = delete;
    ~RequestValues();

    /// Those in a list end with the slices of their batch.
    void enlist(RequestValues *&list);
    void leave_list();

    HttpRequest &request;
    ValueBlock *blocks[kValueKinds] = {};
    size_t bytes = 0; ///< all that is allocated, this included
    RequestValues *next = nullptr;
    RequestValues **link = nullptr; ///< what points to this one; nullptr: it is in no list
};

/// The fields of a form, however it is encoded.
struct FormFields {
    const ValueBlock *pairs = nullptr; ///< nullptr: it is multipart, or there is none
    const ValueBlock *parts = nullptr;
    std::string_view body;

    size_t count() const { return pairs ? pairs->count : parts ? parts->fields : 0; }
    http::Pair at(size_t index) const
    {
        if (pairs)
            return pairs->pair(index);
        const RequestPart &part = parts->part(parts->part(index).field);
        return {part.name, part.data.in(body)};
    }
};

} // namespace wm

#endif
