#include "net/tls/tls_bundle.h"

#include "core/small_file.h"

#include <cstring>
#include <openssl/crypto.h>
#include <sys/stat.h>

namespace wm {

namespace {

constexpr size_t kMaxFile = 4 << 20; // bytes: the bundle of all public authorities has 220 KB

void wipe(std::string &secret)
{
    OPENSSL_cleanse(secret.data(), secret.size());
}

int read_file(const char *what, const std::string &path, std::string *out)
{
    return read_small_file(what, path, kMaxFile, *out);
}

void put(std::string &out, std::string_view text)
{
    uint32_t len = static_cast<uint32_t>(text.size());
    out.append(reinterpret_cast<const char *>(&len), sizeof len);
    out.append(text);
}

bool get(std::string_view &in, std::string &out)
{
    uint32_t len;
    if (in.size() < sizeof len)
        return false;
    memcpy(&len, in.data(), sizeof len);
    in.remove_prefix(sizeof len);
    if (in.size() < len)
        return false;
    out.assign(in.substr(0, len));
    in.remove_prefix(len);
    return true;
}

} // namespace

TlsBundle::~TlsBundle()
{
    wipe(passphrase);
    for (TlsIdentity &identity : identities) {
        wipe(identity.key);
        wipe(identity.cert); // may hold the key
    }
}

int read_tls_bundle(const TlsFileSet &files, TlsBundle *bundle)
{
    *bundle = TlsBundle();
    for (const TlsIdentityFiles &from : files.identities) {
        TlsIdentity &to = bundle->identities.emplace_back();
        to.name = from.name;
        to.cert_path = from.cert;
        to.key_path = from.key.empty() ? from.cert : from.key;
        int result = read_file("certificate", to.cert_path, &to.cert);
        if (result == 0)
            result = read_file("key", to.key_path, &to.key);
        if (result != 0)
            return result;
    }
    if (!files.passphrase.empty()) {
        if (int result = read_file("passphrase", files.passphrase, &bundle->passphrase))
            return result;
        size_t end = bundle->passphrase.find_first_of("\r\n");
        if (end != std::string::npos)
            bundle->passphrase.resize(end);
    }
    bundle->ca_path = files.ca;
    return files.ca.empty() ? 0 : read_file("CA", files.ca, &bundle->ca);
}

std::string TlsBundle::encode() const
{
    size_t size = 64 + passphrase.size() + ca_path.size() + ca.size();
    for (const TlsIdentity &one : identities)
        size += one.name.size() + one.cert_path.size() + one.key_path.size() + one.cert.size() + one.key.size() + 20;
    std::string out;
    out.reserve(size); // growing would leave copies of the keys behind
    put(out, passphrase);
    put(out, ca_path);
    put(out, ca);
    for (const TlsIdentity &one : identities)
        for (const std::string *text : {&one.name, &one.cert_path, &one.key_path, &one.cert, &one.key})
            put(out, *text);
    return out;
}

bool TlsBundle::decode(std::string_view bytes)
{
    *this = TlsBundle();
    if (!get(bytes, passphrase) || !get(bytes, ca_path) || !get(bytes, ca))
        return false;
    while (!bytes.empty()) {
        TlsIdentity &one = identities.emplace_back();
        for (std::string *text : {&one.name, &one.cert_path, &one.key_path, &one.cert, &one.key})
            if (!get(bytes, *text))
                return false;
    }
    return true;
}

TlsFilesStamp::TlsFilesStamp(const TlsFileSet &files)
{
    for (const TlsIdentityFiles &one : files.identities) {
        add(one.cert);
        add(one.key);
    }
    add(files.passphrase);
    add(files.ca);
}

void TlsFilesStamp::add(const std::string &path)
{
    struct stat status = {};
    auto ns = [](const struct timespec &time) { return int64_t{time.tv_sec} * 1000000000 + time.tv_nsec; };
    if (path.empty() || stat(path.c_str(), &status) != 0)
        status = {};
    files_.push_back({status.st_dev, status.st_ino, status.st_size, ns(status.st_mtim), ns(status.st_ctim)});
}

} // namespace wm
