#include "net/tls/tls_bio.h"

#include "net/tls/tls_transport.h"

namespace wm {

namespace {

TlsTransport &transport_of(BIO *bio)
{
    return *static_cast<TlsTransport *>(BIO_get_data(bio));
}

int read(BIO *bio, char *out, int len)
{
    bool again;
    int got = transport_of(bio).read(out, static_cast<size_t>(len), &again);
    BIO_clear_retry_flags(bio);
    if (again)
        BIO_set_retry_read(bio);
    return got;
}

int write(BIO *bio, const char *data, int len)
{
    BIO_clear_retry_flags(bio);
    return transport_of(bio).write(data, static_cast<size_t>(len));
}

long control(BIO *, int command, long, void *)
{
    return command == BIO_CTRL_FLUSH; // else OpenSSL takes the flush of a handshake for a failure
}

struct Method {
    Method() : bio(BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "libwm"))
    {
        bool made = bio && BIO_meth_set_read(bio, read) && BIO_meth_set_write(bio, write) && BIO_meth_set_ctrl(bio, control);
        if (!made) {
            BIO_meth_free(bio);
            bio = nullptr;
        }
    }

    BIO_METHOD *bio;
};

} // namespace

BIO *make_tls_bio(TlsTransport &transport)
{
    static Method method;
    BIO *bio = method.bio ? BIO_new(method.bio) : nullptr;
    if (bio) {
        BIO_set_data(bio, &transport);
        BIO_set_init(bio, 1);
    }
    return bio;
}

} // namespace wm
