#include "net/tls/tls_context.h"

#include "core/error.h"
#include "core/log.h"

#include <algorithm>
#include <cstring>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace wm {

namespace {

/// Forward secrecy and authenticated encryption only (RFC 9325 §4.2). TLS 1.3 has no others.
constexpr const char *kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!PSK";

using Bio = std::unique_ptr<BIO, TlsFree<BIO_free>>;
using Key = std::unique_ptr<EVP_PKEY, TlsFree<EVP_PKEY_free>>;
using GeneralNames = std::unique_ptr<GENERAL_NAMES, TlsFree<GENERAL_NAMES_free>>;

Bio bio_of(const std::string &bytes)
{
    return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

/// After a PEM function has found nothing: whether the text was at its end, not damaged.
bool at_end_of_pem()
{
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        return false;
    ERR_clear_error();
    return true;
}

/// Takes the errors of the thread: whether an allocation is among them. Where OpenSSL leaves none at all, it was one.
bool memory_ran_out()
{
    bool found = ERR_peek_error() == 0;
    while (unsigned long error = ERR_get_error())
        found = found || ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
    return found;
}

/// WM_ENOMEM, or WM_ETLS with OpenSSL's reason between two texts.
int failed(const char *what, const std::string &path, const char *before = "", const char *behind = "")
{
    const char *reason = tls_reason();
    if (memory_ran_out())
        return fail(WM_ENOMEM, "%s %s: out of memory", what, path.c_str());
    return fail(WM_ETLS, "%s %s: %s%s%s", what, path.c_str(), before, reason, behind);
}

int damaged(const char *what, const std::string &path)
{
    return failed(what, path, "damaged, or written only in part (", ")");
}

struct Passphrase {
    const std::string *text;
    bool asked = false;
};

int tell_passphrase(char *out, int size, int, void *user)
{
    Passphrase &passphrase = *static_cast<Passphrase *>(user);
    passphrase.asked = true;
    int len = static_cast<int>(passphrase.text->size());
    if (len == 0 || len > size)
        return -1;
    memcpy(out, passphrase.text->data(), static_cast<size_t>(len));
    return len;
}

int read_key(const TlsIdentity &identity, const std::string &passphrase, Key *key)
{
    Bio bio = bio_of(identity.key);
    Passphrase wanted = {&passphrase};
    ERR_clear_error();
    key->reset(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, tell_passphrase, &wanted) : nullptr);
    if (*key)
        return 0;
    const char *path = identity.key_path.c_str();
    if (wanted.asked && passphrase.empty())
        return fail(WM_ETLS, "key %s: it is encrypted, and tls_passphrase_file is not set, or its first line is empty", path);
    if (wanted.asked)
        return failed("key", identity.key_path, "the passphrase is wrong (", ")");
    if (identity.key.find("PRIVATE KEY-----") == std::string::npos)
        return fail(WM_ETLS, "key %s: there is no private key in it (PEM)%s", path,
                    identity.key_path == identity.cert_path ? ", and tls_key is not set" : "");
    return damaged("key", identity.key_path);
}

int first_certificate(BIO *bio, const TlsIdentity &identity, TlsCertificate *certificate)
{
    ERR_clear_error();
    certificate->reset(bio ? PEM_read_bio_X509_AUX(bio, nullptr, nullptr, nullptr) : nullptr);
    if (*certificate)
        return 0;
    if (identity.cert.find("CERTIFICATE-----") == std::string::npos)
        return fail(WM_ETLS, "certificate %s: there is no certificate in it (PEM)", identity.cert_path.c_str());
    return damaged("certificate", identity.cert_path);
}

/// The certificates behind the first one.
int use_chain(SSL_CTX *context, BIO *bio, const std::string &path)
{
    for (;;) {
        ERR_clear_error();
        TlsCertificate next(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr));
        if (!next)
            return at_end_of_pem() ? 0 : damaged("certificate", path);
        if (SSL_CTX_add0_chain_cert(context, next.get()) != 1)
            return failed("certificate", path, "", ", in its chain");
        (void)next.release();
    }
}

void warn_if_expired(X509 *certificate, const char *what, const std::string &path)
{
    const ASN1_TIME *end = X509_get0_notAfter(certificate);
    if (X509_cmp_current_time(end) >= 0)
        return;
    Bio text(BIO_new(BIO_s_mem()));
    char *bytes = nullptr;
    long len = text && ASN1_TIME_print(text.get(), end) ? BIO_get_mem_data(text.get(), &bytes) : 0;
    log(WM_LOG_WARN, "%s %s: it has expired (%.*s)", what, path.c_str(), static_cast<int>(len), bytes);
}

/// The parts of tls_ciphers, which OpenSSL sets by two functions: TLS 1.3 has names of its own.
int use_ciphers(SSL_CTX *context, const std::string &ciphers)
{
    std::string old_names, new_names;
    size_t begin = 0;
    while (begin < ciphers.size()) {
        size_t end = std::min(ciphers.find_first_of(":, ", begin), ciphers.size());
        std::string name = ciphers.substr(begin, end - begin);
        std::string &list = name.starts_with("TLS_") ? new_names : old_names;
        if (!name.empty())
            list += (list.empty() ? "" : ":") + name;
        begin = end + 1;
    }
    bool taken = (new_names.empty() || SSL_CTX_set_ciphersuites(context, new_names.c_str()) == 1) &&
                 SSL_CTX_set_cipher_list(context, old_names.empty() ? kCiphers : old_names.c_str()) == 1;
    if (taken)
        return 0;
    const char *reason = tls_reason();
    // A cipher that OpenSSL has no memory to look up is one that it does not have: of our own names there are always some.
    if (memory_ran_out() || ciphers.empty())
        return fail(WM_ENOMEM, "out of memory for TLS");
    return fail(WM_EINVAL, "tls_ciphers '%s': %s; 'openssl ciphers -v' lists the names", ciphers.c_str(), reason);
}

} // namespace

const char *tls_reason()
{
    unsigned long error = ERR_peek_error(); // the first: those behind it say where it passed
    const char *reason = ERR_reason_error_string(error);
    if (!reason && ERR_SYSTEM_ERROR(error))
        reason = strerror(static_cast<int>(ERR_GET_REASON(error)));
    return reason ? reason : "out of memory";
}

int make_tls_context(const SSL_METHOD *method, const TlsOptions &options, TlsContext *made)
{
    ERR_clear_error();
    made->reset(SSL_CTX_new(method));
    SSL_CTX *context = made->get();
    if (!context)
        return fail(WM_ENOMEM, "out of memory for TLS");
    SSL_CTX_set_min_proto_version(context, options.tls_min_version == "1.3" ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
    return use_ciphers(context, options.tls_ciphers);
}

int read_tls_certificate(const TlsIdentity &identity, TlsCertificate *certificate)
{
    Bio bio = bio_of(identity.cert);
    return first_certificate(bio.get(), identity, certificate);
}

int use_tls_identity(SSL_CTX *context, const TlsIdentity &identity, const std::string &passphrase)
{
    Bio bio = bio_of(identity.cert);
    TlsCertificate certificate;
    if (int result = first_certificate(bio.get(), identity, &certificate))
        return result;
    if (SSL_CTX_use_certificate(context, certificate.get()) != 1)
        return failed("certificate", identity.cert_path);
    if (int result = use_chain(context, bio.get(), identity.cert_path))
        return result;
    Key key;
    if (int result = read_key(identity, passphrase, &key))
        return result;
    ERR_clear_error();
    if (X509_check_private_key(certificate.get(), key.get()) != 1) {
        if (memory_ran_out())
            return fail(WM_ENOMEM, "key %s: out of memory", identity.key_path.c_str());
        return fail(WM_ETLS, "key %s does not belong to certificate %s", identity.key_path.c_str(), identity.cert_path.c_str());
    }
    if (SSL_CTX_use_PrivateKey(context, key.get()) != 1)
        return failed("key", identity.key_path);
    warn_if_expired(certificate.get(), "certificate", identity.cert_path);
    return 0;
}

int use_tls_ca(SSL_CTX *context, const TlsBundle &bundle, bool asks)
{
    Bio bio = bio_of(bundle.ca);
    size_t count = 0;
    for (;;) {
        ERR_clear_error();
        TlsCertificate next(bio ? PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr) : nullptr);
        if (!next && at_end_of_pem())
            break;
        if (!next)
            return damaged("CA", bundle.ca_path);
        if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), next.get()) != 1 ||
            (asks && SSL_CTX_add_client_CA(context, next.get()) != 1))
            return failed("CA", bundle.ca_path);
        warn_if_expired(next.get(), "CA", bundle.ca_path);
        count++;
    }
    return count > 0 ? 0 : fail(WM_ETLS, "CA %s: there is no certificate in it (PEM)", bundle.ca_path.c_str());
}

std::vector<std::string> tls_names(X509 *certificate)
{
    std::vector<std::string> names;
    auto add = [&names](const ASN1_STRING *text) {
        std::string name(reinterpret_cast<const char *>(ASN1_STRING_get0_data(text)), static_cast<size_t>(ASN1_STRING_length(text)));
        std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
        if (name.find('\0') == std::string::npos)
            names.push_back(name);
    };
    GeneralNames alternatives(static_cast<GENERAL_NAMES *>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; i < sk_GENERAL_NAME_num(alternatives.get()); i++) {
        const GENERAL_NAME *one = sk_GENERAL_NAME_value(alternatives.get(), i);
        if (one->type == GEN_DNS)
            add(one->d.dNSName);
    }
    const X509_NAME *subject = X509_get_subject_name(certificate);
    int common = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (names.empty() && common >= 0)
        add(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, common)));
    return names;
}

bool tls_alpn_wire(std::string_view protocols, std::string *wire)
{
    wire->clear();
    while (!protocols.empty()) {
        size_t end = std::min(protocols.find(','), protocols.size());
        std::string_view name = protocols.substr(0, end);
        protocols.remove_prefix(std::min(end + 1, protocols.size()));
        while (name.starts_with(' '))
            name.remove_prefix(1);
        while (name.ends_with(' '))
            name.remove_suffix(1);
        if (name.empty() || name.size() > 255)
            return false;
        *wire += static_cast<char>(name.size());
        *wire += name;
    }
    return true;
}

} // namespace wm
