#include "worker/tls_files.h"

#include "core/error.h"
#include "core/log.h"
#include "net/tls/certificate_end.h"
#include "net/tls/tls_server.h"
#include "worker/worker.h"

#include <ctime>

namespace wm {

namespace {

constexpr int64_t kDay = 24 * 60 * 60;
constexpr int64_t kWarnBefore = 14 * kDay; // half of what clients of ACME leave before they renew

/// Whether the same files may do at the next try.
bool is_want_of_resources(int result)
{
    return result == WM_ENOMEM || result == WM_EMFILE;
}

/// "2027-02-01 12:00 UTC".
std::string utc_minute(int64_t unix_seconds)
{
    time_t at = static_cast<time_t>(unix_seconds);
    struct tm parts = {};
    char text[64];
    if (gmtime_r(&at, &parts) == nullptr)
        return "-";
    return {text, strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts)};
}

} // namespace

TlsFiles::TlsFiles(const Worker &worker) : worker_(worker.options.name), files_(worker.tls_files()), options_(worker.tls_options()) {}

int TlsFiles::read(TlsServer &server, TlsBundle &bundle)
{
    TlsFilesStamp stamp(files_); // before the read: a change during it is seen by the next look
    int result = read_tls_bundle(files_, &bundle);
    if (result == 0)
        result = server.load(bundle, options_);
    error_ = result == 0 ? "" : last_error();
    if (!is_want_of_resources(result))
        stamp_ = std::move(stamp);
    if (result != 0)
        return result;
    certificates_.clear();
    for (const TlsIdentity &identity : bundle.identities)
        certificates_.push_back({identity.cert_path, certificate_end(identity.cert)});
    warned_unix_ = 0;
    return 0;
}

bool TlsFiles::refresh(bool anyway, TlsServer &server, TlsBundle &bundle)
{
    bool changed = !(stamp_ == TlsFilesStamp(files_));
    if (!changed && !anyway) {
        if (error_ != told_)
            log_error();
        return false;
    }
    if (int result = read(server, bundle)) {
        bool at_once = anyway || is_want_of_resources(result);
        if (!at_once)
            told_.clear();
        else if (anyway || error_ != told_)
            log_error();
        return false;
    }
    told_.clear();
    for (const Certificate &certificate : certificates_)
        log(WM_LOG_INFO, "worker %s: loaded certificate %s, valid until %s", worker_.c_str(), certificate.path.c_str(),
            utc_minute(certificate.end).c_str());
    return true;
}

void TlsFiles::log_error()
{
    told_ = error_;
    log(WM_LOG_ERROR, "worker %s: %s; the certificates from before stay in use", worker_.c_str(), error_.c_str());
}

void TlsFiles::warn_of_end(int64_t now_unix)
{
    if (now_unix - warned_unix_ < kDay)
        return;
    for (const Certificate &certificate : certificates_) {
        int64_t left = certificate.end - now_unix;
        if (left >= kWarnBefore)
            continue;
        warned_unix_ = now_unix;
        log(WM_LOG_WARN, "worker %s: certificate %s %s at %s", worker_.c_str(), certificate.path.c_str(), left > 0 ? "ends" : "has ended",
            utc_minute(certificate.end).c_str());
    }
}

} // namespace wm
