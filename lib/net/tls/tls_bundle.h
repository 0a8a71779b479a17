/**
 * @file
 * Certificates and keys: where they are (TlsFileSet), and what the files held (TlsBundle). One process reads them and
 * hands the bytes on, so that the others need no access to a key. Any thread.
 */
#ifndef WM_NET_TLS_TLS_BUNDLE_H
#define WM_NET_TLS_TLS_BUNDLE_H

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace wm {

/// The files of one certificate.
struct TlsIdentityFiles {
    std::string name; ///< the server name that it is for ("*.example.com"); empty: the names in the certificate
    std::string cert;
    std::string key; ///< empty: in `cert`
};

/// The files of an endpoint.
struct TlsFileSet {
    std::vector<TlsIdentityFiles> identities; ///< the first is the default: for clients that name no server, or another
    std::string passphrase;                   ///< empty: none
    std::string ca;                           ///< empty: none
};

/// As TlsIdentityFiles, with what the files held.
struct TlsIdentity {
    std::string name;
    std::string cert_path;
    std::string key_path;
    std::string cert; ///< PEM, the chain behind the certificate
    std::string key;  ///< PEM
};

/// What the files of an endpoint held. Its keys are overwritten when it is destroyed.
struct TlsBundle {
    TlsBundle() = default;
    TlsBundle(const TlsBundle &) = delete;
    TlsBundle &operator=(const TlsBundle &) = delete;
    TlsBundle(TlsBundle &&) = default;
    TlsBundle &operator=(TlsBundle &&) = default;
    ~TlsBundle();

    /// All of it as bytes; the caller overwrites them (OPENSSL_cleanse) when they are through.
    std::string encode() const;
    /// From bytes of encode() by the same build. False: they are not such.
    bool decode(std::string_view bytes);

    std::vector<TlsIdentity> identities; ///< as TlsFileSet::identities
    std::string passphrase;
    std::string ca_path;
    std::string ca; ///< PEM; empty: none
};

/// Reads the files: 0, or WM_E... with the path and the reason in the detail. Whether they fit each other, TlsServer::load says.
int read_tls_bundle(const TlsFileSet &files, TlsBundle *bundle);

/// What the files were when it was taken: another file at the path, whether by a link or a rename, or a change in place, makes
/// it unequal to one that is taken later.
class TlsFilesStamp {
public:
    TlsFilesStamp() = default;
    explicit TlsFilesStamp(const TlsFileSet &files);

    friend bool operator==(const TlsFilesStamp &, const TlsFilesStamp &) = default;

private:
    struct File {
        dev_t device;
        ino_t inode;
        off_t size;
        int64_t modified_ns;
        int64_t changed_ns; ///< also by chmod(2), which may have made it readable

        friend bool operator==(const File &, const File &) = default;
    };

    void add(const std::string &path);

    std::vector<File> files_;
};

} // namespace wm

#endif
