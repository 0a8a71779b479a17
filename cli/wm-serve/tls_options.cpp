#include "wm-serve/tls_options.h"

#include "wm-serve/flags.h"

#include <utility>

namespace wm::serve {

std::string TlsOptions::error() const
{
    const std::pair<const char *, const std::string &> files[] = {{"--tls-key", key}, {"--tls-passphrase-file", passphrase_file}};
    for (const auto &[flag, path] : files)
        if (cert.empty() && !path.empty())
            return std::string(flag) + " is of no use without --tls-cert FILE, the certificate and its chain";
    return "";
}

bool TlsOptions::apply(wm_worker *worker) const
{
    return wm_worker_set_str(worker, "tls_cert", cert.c_str()) == 0 && wm_worker_set_str(worker, "tls_key", key.c_str()) == 0 &&
           wm_worker_set_str(worker, "tls_passphrase_file", passphrase_file.c_str()) == 0;
}

void add_tls_flags(CLI::App &command, TlsOptions &options, const char *certificate)
{
    add_text(command, "--tls-cert", "FILE", options.cert, certificate);
    add_text(command, "--tls-key", "FILE", options.key, "key of the certificate, PEM (default: in --tls-cert)");
    add_text(command, "--tls-passphrase-file", "FILE", options.passphrase_file, "file whose first line is the passphrase of the key");
}

} // namespace wm::serve
