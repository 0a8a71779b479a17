/**
 * @file
 * State to a service manager: datagrams to $NOTIFY_SOCKET (sd_notify(3)). The master's.
 */
#ifndef WM_PROCESS_MASTER_NOTIFY_H
#define WM_PROCESS_MASTER_NOTIFY_H

#include <string>

namespace wm {

class Notify {
public:
    /// Takes NOTIFY_SOCKET out of the environment, so that children do not use it.
    void begin();
    /// Sends "READY=1\nSTATUS=..." or the like; does nothing without a service manager.
    void send(const std::string &state) const;
    /// "RELOADING=1", which needs MONOTONIC_USEC.
    void reloading() const;

private:
    std::string path_;
};

} // namespace wm

#endif
