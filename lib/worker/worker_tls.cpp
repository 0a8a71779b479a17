// The part of Worker that is about TLS: whether it has it, and its certificates.
#include "worker/worker.h"

#include "core/error.h"
#include "core/log.h"
#include "worker/app.h"
#include "worker/own_keys.h"
#include "worker/process_link.h"

#include <algorithm>
#include <cstring>

namespace wm {

namespace {

bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/// "www.example.com" or "*.example.com".
bool is_server_name(std::string_view name)
{
    if (name.starts_with("*."))
        name.remove_prefix(2);
    return !name.empty() && name.size() <= 253 && name.front() != '.' && std::all_of(name.begin(), name.end(), is_name_char);
}

/// Whether the bundle is of these files.
bool is_of(const TlsBundle &bundle, const TlsFileSet &files)
{
    auto same = [](const TlsIdentity &one, const TlsIdentityFiles &other) { return one.name == other.name && one.cert_path == other.cert; };
    return std::equal(bundle.identities.begin(), bundle.identities.end(), files.identities.begin(), files.identities.end(), same);
}

} // namespace

/// 0, or WM_EINVAL where option transport and the address contradict each other.
int Worker::check_transport() const
{
    const std::string &wanted = options.transport;
    const char *given = address_.text.c_str();
    if ((wanted == "tcp" || wanted == "udp") && scheme_tls_)
        return fail(WM_EINVAL, "option 'transport' is '%s', and %s is over TLS", wanted.c_str(), given);
    if ((wanted == "tcp" || wanted == "ssl") && scheme_datagrams_)
        return fail(WM_EINVAL, "option 'transport' is '%s', and %s is over datagrams", wanted.c_str(), given);
    if (wanted == "unix" && !address_.unix_socket)
        return fail(WM_EINVAL, "option 'transport' is 'unix', and %s is not a path: the right form is %s+unix:///PATH", given,
                    address_.scheme.c_str());
    return 0;
}

/// 0, or WM_E... where the transport cannot be, or the certificates cannot be had.
int Worker::choose_transport()
{
    if (int wrong = check_transport())
        return wrong;
    if (wants_datagrams())
        return choose_datagrams();
    codec = scheme_codec_;
    if (!wants_tls()) {
        transport = &kPlainTransport;
        return 0;
    }
    int result = load_tls();
    if (result != 0)
        return result;
    transport = &kTlsServerTransport;
    transport_settings = tls_.get();
    return 0;
}

TlsFileSet Worker::tls_files() const
{
    TlsFileSet files;
    if (!options.tls_cert.empty())
        files.identities.push_back({{}, options.tls_cert, options.tls_key});
    files.identities.insert(files.identities.end(), certificates_.begin(), certificates_.end());
    files.passphrase = options.tls_passphrase_file;
    files.ca = options.tls_ca;
    return files;
}

TlsOptions Worker::tls_options() const
{
    TlsOptions wanted = options;
    const char *names = app_.reactor.codecs[codec]->alpn;
    if (wanted.tls_alpn.empty() && names)
        wanted.tls_alpn = names;
    return wanted;
}

int Worker::load_tls()
{
    if (!tls_)
        tls_ = std::make_unique<TlsServer>();
    TicketKeys tickets;
    TlsBundle bundle;
    int given = app_.link ? app_.link->keys_of(*this, tickets, bundle) : 0;
    if (given == 0)
        return app_.own_keys->add(*this);
    if (given > 0)
        tls_->set_ticket_keys(tickets);
    explicit_bzero(&tickets, sizeof tickets);
    if (given > 0 && !is_of(bundle, tls_files()))
        return fail(WM_ESTATE, "%s has other certificate files than when the program was started first: that takes a restart", address());
    return given > 0 ? tls_->load(bundle, tls_options()) : given;
}

void Worker::reload_tls()
{
    if (listening() && transport == &kTlsServerTransport && load_tls() != 0)
        log(WM_LOG_ERROR, "worker %s: %s; the certificates from before stay in use", options.name.c_str(), last_error());
}

int Worker::check() const
{
    SocketAddress resolved;
    int result = has_address_ ? resolve(address_, resolved) : fail(WM_ESTATE, "a worker without an address cannot listen");
    if (result == 0)
        result = check_proxies();
    if (result != 0 || !wants_tls())
        return result;
    TlsServer server;
    TlsBundle bundle;
    return TlsFiles(*this).read(server, bundle);
}

int Worker::add_certificate(const char *name, const char *cert, const char *key)
{
    if (name && !is_server_name(name))
        return fail(WM_EINVAL, "'%s' is not a server name: the right form is www.example.com or *.example.com", name);
    if (listening() && app_.link)
        return fail(WM_ESTATE, "the master reads certificates before it starts the processes: add %s before wm_app_main", cert);
    certificates_.push_back({name ? name : "", cert, key ? key : ""});
    if (!listening() || !wants_tls())
        return 0;
    int result = load_tls();
    if (result != 0)
        certificates_.pop_back();
    return result;
}

} // namespace wm
