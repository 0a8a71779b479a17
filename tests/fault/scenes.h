/**
 * @file
 * The scenes of the allocation sweep. A scene leaves in the rig what was noticed and what was wrong.
 */
#ifndef FAULT_SCENES_H
#define FAULT_SCENES_H

#include "fault/rig.h"

struct scene {
    const char *name;
    int kind;
    void (*play)(struct rig *rig);
    int tls;         /**< its peers speak TLS */
    const char *log; /**< the format of its access log; NULL: it has none */
};

extern const struct scene scenes[];
extern const size_t scene_count;

/** Begins the rig, plays the scene, ends it. cap: records per poll; 0: callbacks. */
void scene_run(const struct scene *scene, size_t cap, struct rig *rig);

/** The scenes of http, in http_scene.c. */
void play_http(struct rig *rig);
void play_http_stop(struct rig *rig);
void play_forwarded(struct rig *rig);
/** The scene of PROXY headers, in proxy_scene.c. */
void play_proxied(struct rig *rig);
/** The scenes of websocket pages, in page_scene.c. */
void play_pages(struct rig *rig);
void play_sent_parts(struct rig *rig);
void play_handshakes(struct rig *rig);
/** The scenes of clients, in client_scene.c. */
void play_clients(struct rig *rig);
void play_page_client(struct rig *rig);
void play_deflate(struct rig *rig);
/** The scene of groups and topics, in hub_scene.c. */
void play_groups(struct rig *rig);
/** The scene of forms, in form_scene.c. */
void play_forms(struct rig *rig);
/** The scene of bodies in pieces, in body_scene.c. */
void play_bodies(struct rig *rig);
/** The scene of forms in pieces, in part_scene.c. */
void play_parts(struct rig *rig);
/** The scene of datagrams, in datagram_scene.c. */
void play_datagrams(struct rig *rig);
/** The scene of pipes, in pipe_scene.c. */
void play_pipes(struct rig *rig);
/** The scene of peers that read slowly, in slow_scene.c. */
void play_slow(struct rig *rig);
/** The scene of streamed answers, in stream_scene.c. */
void play_streams(struct rig *rig);
/** The scene of files as answers, in file_scene.c. */
void play_files(struct rig *rig);

#endif
