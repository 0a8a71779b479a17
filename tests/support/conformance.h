/**
 * @file
 * What the parts of the conformance server share: conformance_server.c serves, conformance_answers.c says what was asked.
 */
#ifndef SUPPORT_CONFORMANCE_H
#define SUPPORT_CONFORMANCE_H

#include <stddef.h>

#include "wm/wm.h"

struct late_answer {
    wm_request request;
};

struct text {
    char *data; /**< to be freed */
    size_t len, cap;
};

extern int pull_mode;
extern wm_app *app;

void die(const char *what, const char *detail);

/** "TLSv1.3,TLS_AES_256_GCM_SHA384,..." in the order of WM_TLS_..., or the error. */
void describe_tls(wm_conn conn, struct text *answer);
/**
 * /NNN answers with that status; /close with Connection: close; /late?ms=N after N milliseconds; /send by wm_conn_send;
 * /socket makes a websocket of the connection; all else with 200. The body describes the request, also where HTTP says that it does not
 * leave (HEAD, 204, 304).
 */
void answer_request(wm_conn conn, wm_request request);
/** Frees it. */
void answer_late(struct late_answer *late);

#endif
