#include "hub/engine/engine_socket.h"

#include "core/error.h"
#include "session/client_address.h"
#include "session/sessions.h"
#include "worker/app.h"
#include "worker/client.h"
#include "worker/clients.h"

#include <cstring>
#include <new>
#include <utility>

namespace wm {

bool EngineSocket::connect(const EngineServer &server, bool tls, const EngineSettings &settings, const TlsStart &how)
{
    drop();
    try {
        if (start(server, tls, settings, how))
            return true;
    } catch (const std::bad_alloc &) {
        fail(WM_ENOMEM, "out of memory for a connection to the engine");
    }
    drop();
    return false;
}

bool EngineSocket::start(const EngineServer &server, bool tls, const EngineSettings &settings, const TlsStart &how)
{
    std::string text = (server.host.empty() ? "unix://" : tls ? "ssl://" : "tcp://") + server.text();
    const Scheme *scheme = find_scheme(text.c_str(), Role::kClient, app_.sessions->protocols);
    ClientAddress address;
    if (!scheme || address.parse(text.c_str(), *scheme) != 0)
        return false;
    if (app_.freeing()) {
        fail(WM_ESTATE, "the app is being freed");
        return false;
    }
    client_ = app_.clients->add(address, *scheme);
    client_->logs = false; // each attempt is a client of its own
    client_->options.connect_timeout_ms = kConnectMs;
    client_->options.max_send_buffer = kMaxUnsent;
    client_->options.tls_ca = settings.tls_ca_file;
    client_->options.tls_verify = settings.tls_verify ? 1 : 0;
    client_->options.tls_server_name = how.server_name;
    if (tls && how.preface)
        client_->set_preface(*how.preface, how.preface_settings);
    set_callbacks();
    return client_->connect() == 0;
}

void EngineSocket::set_callbacks()
{
    ConnCallbacks &callbacks = client_->callbacks;
    callbacks.open = {[](wm_worker *, wm_conn, void *user) {
                          EngineSocket &self = *static_cast<EngineSocket *>(user);
                          self.open_ = true;
                          self.tell([&self] { self.events_.socket_opened(self); });
                      },
                      this, nullptr};
    callbacks.message = {[](wm_worker *, wm_conn, const void *data, size_t len, int32_t, void *user) {
                             EngineSocket &self = *static_cast<EngineSocket *>(user);
                             self.tell([&] { self.events_.socket_received(self, static_cast<const char *>(data), len); });
                         },
                         this, nullptr};
    // Where an attempt fails its client has the text; the callback keeps it from being logged.
    callbacks.error = {[](wm_worker *, wm_conn, int32_t, const void *, size_t, void *) {}, nullptr, nullptr};
    callbacks.close = {[](wm_worker *, wm_conn, int32_t reason, int32_t code, const void *, size_t, void *user) {
                           static_cast<EngineSocket *>(user)->ended(reason, code);
                       },
                       this, nullptr};
}

/// What the event throws for want of memory ends the connection: the carrier begins anew, with nothing half done.
template <class Event> void EngineSocket::tell(Event event)
{
    Client *told = client_;
    try {
        event();
    } catch (const std::bad_alloc &) {
        if (client_ == told && told->connection())
            app_.reactor.lifecycle.destroy(*told->connection(), WM_REASON_LOCAL, 0); // a close would wait for the server
    }
}

void EngineSocket::ended(int32_t reason, int32_t number)
{
    Client *client = detach();
    client->release(); // at the end of the turn: its text is there until then
    const char *why = client->error.c_str();
    if (reason == WM_REASON_LOCAL) // tell() has closed it
        why = "out of memory";
    else if (reason == WM_REASON_STOP)
        why = "the process stops";
    else if (*why == '\0')
        why = reason == WM_REASON_ERROR && number != 0 ? strerror(number) : "the server has closed the connection";
    events_.socket_ended(*this, why);
}

/// Its connection tells nobody of anything any more.
Client *EngineSocket::detach()
{
    client_->callbacks = {};
    open_ = false;
    return std::exchange(client_, nullptr);
}

void EngineSocket::drop()
{
    if (client_)
        detach()->release();
}

void EngineSocket::close()
{
    if (!open_)
        return drop();
    Client *client = detach();
    client->callbacks.close = {
        [](wm_worker *, wm_conn, int32_t, int32_t, const void *, size_t, void *user) { static_cast<Client *>(user)->release(); }, client,
        nullptr};
    client->close();
}

bool EngineSocket::send(std::string_view first, std::string_view second, std::string_view third)
{
    Connection *conn = client_ ? client_->connection() : nullptr;
    return conn && conn->state <= ConnState::kOpen && app_.reactor.outbox.write_parts(*conn, {first, second, third}) >= 0;
}

} // namespace wm
