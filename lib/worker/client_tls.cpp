// The part of Client that is about TLS: whether it has it, and whom it trusts.
#include "worker/client.h"

#include "core/error.h"
#include "core/log.h"
#include "worker/app.h"

namespace wm {

/// For the next connection: 0, or WM_E... where the options cannot be. Files that have changed are read again.
int Client::choose_transport()
{
    datagrams = nullptr;
    if (scheme_datagrams_ || options.transport == "udp")
        return choose_datagrams();
    codec = scheme_codec_;
    bool wants_tls = scheme_tls_ || options.transport == "ssl";
    if (scheme_tls_ && options.transport == "tcp")
        return fail(WM_EINVAL, "option 'transport' is 'tcp', and %s is over TLS", display.c_str());
    if (!wants_tls) {
        transport = &kPlainTransport;
        return 0;
    }
    TlsFileSet files;
    if (!options.tls_cert.empty())
        files.identities.push_back({{}, options.tls_cert, options.tls_key});
    files.passphrase = options.tls_passphrase_file;
    files.ca = options.tls_ca;
    TlsFilesStamp stamp(files);
    if (!tls_ || tls_outdated_ || !(stamp == tls_stamp_)) {
        if (int result = load_tls(files))
            return result;
        tls_stamp_ = stamp;
        tls_outdated_ = false;
    }
    transport = &kTlsClientTransport;
    transport_settings = tls_.get();
    return 0;
}

int Client::load_tls(const TlsFileSet &files)
{
    if (!tls_)
        tls_ = std::make_unique<TlsClient>();
    TlsBundle bundle;
    TlsOptions wanted = options;
    const char *names = reactor.codecs[codec]->alpn;
    if (wanted.tls_alpn.empty() && names)
        wanted.tls_alpn = names;
    int result = read_tls_bundle(files, &bundle);
    if (result == 0)
        result = tls_->load(bundle, wanted, address_.host);
    if (result == 0 && wanted.tls_verify == 0)
        tell_unverified();
    return result;
}

/// Once for many clients of one address: a host may make one for each connection that it accepts.
void Client::tell_unverified()
{
    if (!logs || app_.told_unverified == display)
        return;
    app_.told_unverified = display;
    log(WM_LOG_WARN, "client %s: tls_verify is 0, so anyone between here and the server can read and change all that is sent",
        display.c_str());
}

/// Returns code. The log has it as well, as nobody may have called; once, however often it is tried again.
int Client::tls_failed(int code)
{
    if (logs && error != last_error())
        log(WM_LOG_ERROR, "client %s: %s", display.c_str(), last_error());
    error = last_error();
    error_code = code;
    return code;
}

} // namespace wm
