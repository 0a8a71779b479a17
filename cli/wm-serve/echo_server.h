/**
 * @file
 * `wm-serve echo ADDRESS...`: sends back what comes, in every protocol: bytes, lines, messages; http: the body, or what was asked for.
 */
#ifndef WM_SERVE_ECHO_SERVER_H
#define WM_SERVE_ECHO_SERVER_H

#include "wm-serve/server.h"
#include "wm-serve/tls_options.h"

#include <cstdint>
#include <string>
#include <vector>

namespace wm::serve {

struct EchoOptions : InstanceOptions {
    std::vector<std::string> listen;
    int64_t count = 1;
    TlsOptions tls;

    EchoOptions() : InstanceOptions("wm-serve-echo") {}
    std::string error() const;
};

class EchoServer final : public Server {
public:
    ~EchoServer() override { free_app(); }

    void add_flags(CLI::App &command) override;
    InstanceOptions &instance() override { return options_; }
    void reset() override;
    std::string error() const override { return options_.error(); }
    std::string missing() const override;
    bool check() const override;

private:
    bool make_workers() override;
    void announce(size_t part) const override;
    bool set_up(wm_worker *worker, const std::string &address);
    static int32_t started(wm_worker *worker, int32_t index, void *self);

    EchoOptions options_;
    std::vector<wm_worker *> workers_;
};

} // namespace wm::serve

#endif
