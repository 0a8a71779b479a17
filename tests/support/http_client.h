/**
 * @file
 * The http client's side for the contract suite: requests, answers, and the host's. Over support/ws_client.h, which reads heads.
 */
#ifndef SUPPORT_HTTP_CLIENT_H
#define SUPPORT_HTTP_CLIENT_H

#include "support/ws_client.h"

/** Waits for a whole answer, takes it, and compares status and body (NULL: an answer without a body). */
static inline void hear_answer(struct host *host, struct client *client, int status, const char *body)
{
    char head[4096];
    assert_int_equal(http_head(host, client, head), status);
    if (body && !strstr(head, "Content-Length:"))
        fail_msg("no Content-Length in %s", head);
    if (body) {
        assert_int_equal(atoi(strstr(head, "Content-Length:") + 15), strlen(body));
        client_hear(host, client, body);
    }
}

static inline void say_get(struct host *host, struct client *client, const char *path)
{
    char request[256];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path);
    client_say(host, client, request);
}

static inline int respond(wm_request request, int status, const char *headers, const char *body)
{
    return wm_request_respond(request, status, headers, headers ? strlen(headers) : 0, body, body ? strlen(body) : 0, 0);
}

#endif
