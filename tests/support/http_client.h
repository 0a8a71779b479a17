/**
 * @file
 * The http client's side for the contract suite: requests, answers, how a connection ends, and the host's answers. Over
 * support/ws_client.h, which reads heads.
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

/** Sends "GET PATH HTTP/1.1" with more header lines, each of which ends with CRLF, and waits for its message. */
static inline wm_request http_ask(struct host *host, struct client *client, const char *start, const char *lines)
{
    size_t before = count_of(host, WM_EVENT_MESSAGE);
    char request[512];
    snprintf(request, sizeof request, "%s\r\nHost: a\r\n%s\r\n", start, lines ? lines : "");
    client_say(host, client, request);
    until(host, count_of(host, WM_EVENT_MESSAGE) == before + 1);
    return nth(host, WM_EVENT_MESSAGE, before)->id;
}

static inline wm_request http_get(struct host *host, struct client *client)
{
    return http_ask(host, client, "GET / HTTP/1.1", NULL);
}

/** Takes a head with that status; `line` (NULL: any) has to be in it, `not_line` (NULL: any) must not. */
static inline void hear_head(struct host *host, struct client *client, int status, const char *line, const char *not_line)
{
    char head[4096];
    assert_int_equal(http_head(host, client, head), status);
    if (line && !strstr(head, line))
        fail_msg("\"%s\" is not in %s", line, head);
    if (not_line && strstr(head, not_line))
        fail_msg("\"%s\" is in %s", not_line, head);
}

/** The end, by a reset where the transport has one; over TLS no close_notify. What has come before stays in the client. */
static inline void hear_reset(struct host *host, struct client *client)
{
    until(host, client_ended(client));
    if (host->setting->transport != UNIX && client->ended == 1)
        fail_msg("an end in order, behind \"%.*s\"", (int)client->len, client->in ? client->in : "");
}

#endif
