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
    /// Takes NOTIFY_SOCKET out of the environment: it is not the children's.
    void begin();
    /// "READY=1\nSTATUS=...": nothing happens without a service manager.
    void send(const std::string &state) const;
    /// "RELOADING=1" with the clock that it has to have.
    void reloading() const;

private:
    std::string path_;
};

} // namespace wm

#endif
