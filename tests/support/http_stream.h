/**
 * @file
 * Streamed answers for the contract suite: the host's calls with texts that end in NUL. Over support/http_client.h.
 */
#ifndef SUPPORT_HTTP_STREAM_H
#define SUPPORT_HTTP_STREAM_H

#include "support/http_client.h"

static inline int begin(wm_request request, int status, const char *headers, int64_t length)
{
    return wm_request_respond_begin(request, status, headers, headers ? strlen(headers) : 0, length);
}

static inline int put(wm_request request, const char *text)
{
    return wm_request_respond_write(request, text, strlen(text));
}

static inline int answer_whole(wm_request request, const char *body)
{
    return wm_request_respond(request, 200, NULL, 0, body, strlen(body), 0);
}

static const char CHUNKED[] = "Transfer-Encoding: chunked\r\n";

#endif
