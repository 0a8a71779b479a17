/**
 * @file
 * A connection to one server of an engine: bytes in and out, and why it has ended. A Client underneath has the name's addresses, TLS and
 * the time limit. TLS begins with the first byte, or behind a preface. The app's thread.
 */
#ifndef WM_HUB_ENGINE_ENGINE_SOCKET_H
#define WM_HUB_ENGINE_ENGINE_SOCKET_H

#include "hub/engine/engine_settings.h"
#include "hub/engine/engine_url.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wm {

class App;
class Client;
class EngineSocket;
struct TransportKind;

/// From the loop, never from inside a call of the socket. An event may close the socket, connect it anew, or delete it. One that throws
/// bad_alloc ends the connection.
class EngineSocketEvents {
public:
    virtual void socket_opened(EngineSocket &socket) = 0;
    /// A part of the stream, borrowed.
    virtual void socket_received(EngineSocket &socket, const char *bytes, size_t size) = 0;
    /// The end of what socket_opened() has told of, or of the attempt. It can connect again from here on. Does not throw.
    virtual void socket_ended(EngineSocket &socket, const char *why) = 0;

protected:
    ~EngineSocketEvents() = default;
};

/// How TLS begins.
struct TlsStart {
    std::string_view server_name = {};      ///< that the server has to prove; empty: its host
    const TransportKind *preface = nullptr; ///< what leads to it (Client::set_preface); nullptr: it begins with the first byte
    void *preface_settings = nullptr;       ///< outlive the connection
};

class EngineSocket {
public:
    static constexpr int64_t kConnectMs = 2000;            ///< name, connection and TLS
    static constexpr size_t kMaxUnsent = size_t{16} << 20; ///< bytes; what would be more is not taken

    EngineSocket(App &app, EngineSocketEvents &events) : app_(app), events_(events) {}
    EngineSocket(const EngineSocket &) = delete;
    EngineSocket &operator=(const EngineSocket &) = delete;
    ~EngineSocket() { drop(); }

    /// Begins an attempt; the name is resolved anew. What it was connected to is dropped. False with wm::last_error(): it cannot be made,
    /// because of a file of TLS or of memory, and no event follows.
    bool connect(const EngineServer &server, bool tls, const EngineSettings &settings, const TlsStart &how = {});
    /// Ends it at once, with what is unsent. No event follows.
    void drop();
    /// Ends it once what was sent has left. No event follows.
    void close();

    /// All parts, as one message, or nothing. Before it is open they wait for that. False: it is not in use, or has too much unsent.
    bool send(std::string_view first, std::string_view second = {}, std::string_view third = {});

    /// Whether there is an attempt or a connection.
    bool in_use() const { return client_; }
    bool is_open() const { return open_; }

private:
    bool start(const EngineServer &server, bool tls, const EngineSettings &settings, const TlsStart &how);
    Client *detach();
    void set_callbacks();
    template <class Event> void tell(Event event);
    void ended(int32_t reason, int32_t number);

    App &app_;
    EngineSocketEvents &events_;
    Client *client_ = nullptr; ///< of one attempt and its connection
    bool open_ = false;
};

} // namespace wm

#endif
