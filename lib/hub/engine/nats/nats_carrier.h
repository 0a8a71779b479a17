/**
 * @file
 * The carrier over a NATS server, or a cluster of them: one connection, subscribed to both subjects. The app's thread.
 */
#ifndef WM_HUB_ENGINE_NATS_NATS_CARRIER_H
#define WM_HUB_ENGINE_NATS_NATS_CARRIER_H

#include "core/loop.h"
#include "hub/cluster/carrier.h"
#include "hub/engine/engine_socket.h"
#include "hub/engine/engine_state.h"
#include "hub/engine/nats/servers.h"
#include "proto/nats/info.h"
#include "proto/nats/parser.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wm::nats {

class NatsCarrier final : public Carrier, private EngineSocketEvents {
public:
    static constexpr size_t kMaxMessage = size_t{8} << 20; ///< bytes, where the server takes so many
    static constexpr size_t kLeastPayload = 4096;          ///< bytes; with less a cluster cannot say what it has to
    static constexpr int64_t kAnswerMs = 1500;             ///< until INFO, and from there until the subscriptions are confirmed
    static constexpr int64_t kPingMs = 1000;
    static constexpr int kMissedPings = 2; ///< without anything from the server: it is gone

    NatsCarrier(App &app, EngineUrl url, EngineSettings settings, CarrierEvents &events);
    ~NatsCarrier() override = default;

    void open() override;
    void close() override;
    bool send(uint64_t to, const char *bytes, size_t size) override;
    void reset(const char *why) override;
    size_t max_bytes() const override;
    CarrierFacts facts() const override { return state_.facts(); }
    int64_t due_ms() const override;
    void run(int64_t now_ms) override;

private:
    enum class Phase : uint8_t {
        kOff,        ///< no connection; EngineState knows when the next attempt begins
        kConnecting, ///< to the first byte, or with TLS to its end
        kGreeting,   ///< INFO is to come
        kConfirming, ///< PONG behind the subscriptions is to come
        kUp,
        kReset, ///< its owner has given it up; run() tells
    };

    // EngineSocketEvents
    void socket_opened(EngineSocket &socket) override;
    void socket_received(EngineSocket &socket, const char *bytes, size_t size) override;
    void socket_ended(EngineSocket &socket, const char *why) override;

    /// What was received of that attempt is of no use any more.
    bool is_over(uint64_t attempt) const { return attempt != attempt_ || !socket_.in_use(); }
    void connect();
    size_t take_messages(const char *bytes, size_t size);
    void take(const Message &message);
    void take_info(std::string_view json);
    void greet();
    void subscribe();
    void info_changed(Info &info);
    void confirmed();
    void keep_alive(int64_t now_ms);
    void leave(std::string_view why, bool lasts = false);
    void leave_server(std::string_view why, bool lasts = false);
    void enter(Phase phase, int64_t due_ms);

    EngineUrl url_;
    EngineSettings settings_;
    CarrierEvents &events_;
    EngineState state_;
    Servers servers_;
    EngineSocket socket_;
    Parser parser_;
    Info info_;        ///< of the server, or before TLS
    std::string held_; ///< of a message that is not whole
    size_t need_ = 0;  ///< bytes that it has; 0: not known
    std::string reset_why_;
    int64_t due_ms_ = Loop::kNever; ///< of the phase
    uint64_t attempt_ = 0;
    int missed_ = 0; ///< pings
    Phase phase_ = Phase::kOff;
    bool heard_ = false; ///< since the last ping
    bool tls_;
};

} // namespace wm::nats

#endif
