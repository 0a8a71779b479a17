/**
 * @file
 * The client's side of TLS for suites in C, by OpenSSL, on a non-blocking socket that it does not own.
 *
 * tls_shake_all between the host's turns has handshakes go on by themselves, as a kernel's would: a test sees a connection that opens.
 */
#ifndef SUPPORT_TLS_PEER_H
#define SUPPORT_TLS_PEER_H

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

struct tls_peer {
    SSL *ssl;
    int fd;
    int error; /**< errno of the last call on the socket that failed; 0: its end */
    struct tls_peer *next, **link;
};

static __thread struct tls_peer *tls_shaking;

static inline int tls_peer_transfer(BIO *bio, char *data, int len, int writes)
{
    struct tls_peer *peer = (struct tls_peer *)BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t done = writes ? send(peer->fd, data, (size_t)len, MSG_NOSIGNAL) : recv(peer->fd, data, (size_t)len, 0);
    peer->error = done < 0 ? errno : 0;
    if (done < 0 && errno == EAGAIN)
        BIO_set_flags(bio, (writes ? BIO_FLAGS_WRITE : BIO_FLAGS_READ) | BIO_FLAGS_SHOULD_RETRY);
    return (int)done;
}

static inline int tls_peer_write(BIO *bio, const char *data, int len)
{
    return tls_peer_transfer(bio, (char *)(uintptr_t)data, len, 1);
}

static inline int tls_peer_read(BIO *bio, char *data, int len)
{
    return tls_peer_transfer(bio, data, len, 0);
}

static inline long tls_peer_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

/* OpenSSL's own socket BIO raises SIGPIPE. */
static inline BIO *tls_peer_bio(struct tls_peer *peer)
{
    static BIO_METHOD *method;
    if (!method) {
        method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "peer");
        BIO_meth_set_write(method, tls_peer_write);
        BIO_meth_set_read(method, tls_peer_read);
        BIO_meth_set_ctrl(method, tls_peer_control);
    }
    BIO *bio = BIO_new(method);
    BIO_set_data(bio, peer);
    BIO_set_init(bio, 1);
    return bio;
}

static inline SSL_CTX *tls_peer_context(void)
{
    static SSL_CTX *context;
    if (!context) {
        context = SSL_CTX_new(TLS_client_method());
        if (!context || SSL_CTX_load_verify_file(context, WM_TEST_TLS "/localhost.pem") != 1)
            abort();
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
        SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    }
    return context;
}

static inline void tls_peer_settled(struct tls_peer *peer)
{
    if (!peer->link)
        return;
    *peer->link = peer->next;
    if (peer->next)
        peer->next->link = peer->link;
    peer->link = NULL;
}

static inline void tls_shake_all(void)
{
    for (struct tls_peer *peer = tls_shaking, *next; peer; peer = next) {
        next = peer->next;
        int result = SSL_do_handshake(peer->ssl);
        if (result == 1 ||
            (SSL_get_error(peer->ssl, result) != SSL_ERROR_WANT_READ && SSL_get_error(peer->ssl, result) != SSL_ERROR_WANT_WRITE))
            tls_peer_settled(peer);
        ERR_clear_error();
    }
}

static inline struct tls_peer *tls_peer_new(int fd)
{
    struct tls_peer *peer = (struct tls_peer *)calloc(1, sizeof *peer);
    if (!peer || !(peer->ssl = SSL_new(tls_peer_context())))
        abort();
    peer->fd = fd;
    BIO *bio = tls_peer_bio(peer);
    SSL_set_bio(peer->ssl, bio, bio);
    SSL_set_connect_state(peer->ssl);
    SSL_set_tlsext_host_name(peer->ssl, "localhost");
    SSL_set1_host(peer->ssl, "localhost");
    peer->next = tls_shaking;
    peer->link = &tls_shaking;
    if (peer->next)
        peer->next->link = &peer->next;
    tls_shaking = peer;
    return peer;
}

/** What recv and send return: an end without close_notify fails with EPROTO. */
static inline ssize_t tls_peer_result(struct tls_peer *peer, int result)
{
    if (result > 0)
        return result;
    switch (SSL_get_error(peer->ssl, result)) {
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        errno = EAGAIN;
        break;
    default:
        errno = peer->error ? peer->error : EPROTO;
    }
    ERR_clear_error();
    return -1;
}

static inline ssize_t tls_peer_recv(struct tls_peer *peer, void *out, size_t len)
{
    return tls_peer_result(peer, SSL_read(peer->ssl, out, len > INT32_MAX ? INT32_MAX : (int)len));
}

/** Record by record, as much as the socket takes. */
static inline ssize_t tls_peer_send(struct tls_peer *peer, const void *data, size_t len)
{
    size_t sent = 0, part;
    while (sent < len && SSL_write_ex(peer->ssl, (const char *)data + sent, len - sent, &part) == 1)
        sent += part;
    return sent > 0 ? (ssize_t)sent : tls_peer_result(peer, 0);
}

static inline void tls_peer_end(struct tls_peer *peer)
{
    SSL_shutdown(peer->ssl);
    ERR_clear_error();
}

/** `polite`: with close_notify, and without a reset because of tickets that are unread. */
static inline void tls_peer_free(struct tls_peer *peer, int polite)
{
    char byte;
    tls_peer_settled(peer);
    if (polite) {
        SSL_peek(peer->ssl, &byte, 1);
        SSL_shutdown(peer->ssl);
    }
    ERR_clear_error();
    SSL_free(peer->ssl);
    free(peer);
}

#endif
