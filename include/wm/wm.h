/**
 * @file
 * libwm: socket servers with Workerman's model. This header includes all others.
 */
#ifndef WM_WM_H
#define WM_WM_H

#include "wm/app.h"
#include "wm/client.h"
#include "wm/conn.h"
#include "wm/cookie.h"
#include "wm/error.h"
#include "wm/event.h"
#include "wm/form.h"
#include "wm/http.h"
#include "wm/http_body.h"
#include "wm/http_file.h"
#include "wm/http_stream.h"
#include "wm/hub.h"
#include "wm/log.h"
#include "wm/option.h"
#include "wm/protocol.h"
#include "wm/timer.h"
#include "wm/types.h"
#include "wm/version.h"
#include "wm/watch.h"
#include "wm/websocket.h"
#include "wm/worker.h"

#endif
