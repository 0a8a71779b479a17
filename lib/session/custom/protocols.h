/**
 * @file
 * The protocols of an app, by name. Owned by the app; the app's thread.
 */
#ifndef WM_SESSION_CUSTOM_PROTOCOLS_H
#define WM_SESSION_CUSTOM_PROTOCOLS_H

#include "session/custom/protocol.h"

#include <memory>
#include <string_view>
#include <vector>

namespace wm {

class Protocols {
public:
    explicit Protocols(Reactor &reactor) : reactor_(reactor) {}

    /// nullptr: WM_EINVAL (the name) or WM_EFULL in *code.
    Protocol *add(std::string_view name, int *code);
    /// Of a name in lower case; nullptr: there is none.
    Protocol *find(std::string_view name) const;
    const std::vector<std::unique_ptr<Protocol>> &all() const { return protocols_; }
    /// Whether a send may call the host: to encode.
    bool encodes() const;
    /// Frees them, when no connection is left.
    void clear() { protocols_.clear(); }

private:
    int check_name(std::string_view name) const;

    Reactor &reactor_;
    std::vector<std::unique_ptr<Protocol>> protocols_;
};

} // namespace wm

#endif
