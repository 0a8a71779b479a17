// ws:// before it opens: the client's side of the opening handshake (RFC 6455 §4.1).
#include "session/websocket/client.h"

#include "conn/reactor.h"
#include "session/codecs.h"
#include "session/sessions.h"
#include "session/websocket/control.h"

#include <new>
#include <string>

namespace wm {

namespace {

constexpr const char *kNoWindows = "no room for the windows of permessage-deflate that the server has agreed to (max_deflate_total)";

WebsocketClient &client_of(const Connection &conn)
{
    return *static_cast<WebsocketClient *>(conn.owner->codec_settings);
}

bool begin(Connection &conn)
{
    conn.codec_state.make<http::ResponseParser>();
    return true;
}

void start(Connection &conn)
{
    Reactor &reactor = conn.owner->reactor;
    unsigned char nonce[websocket::kNonceSize];
    reactor.sessions->random.take(nonce, sizeof nonce);
    reactor.outbox.write_ahead(conn, client_of(conn).request.write(nonce));
}

/// The server's final answer; body: what has come behind it.
void receive(Connection &conn, const http::Response &response, std::string_view body)
{
    if (response.status != 101) {
        bool forbidden = response.status == 401 || response.status == 403;
        conn.owner->refused(conn, forbidden ? WM_EACCES : WM_EPROTOCOL, websocket::refusal_text(response, body).c_str());
        return;
    }
    WebsocketClient &client = client_of(conn);
    std::string_view chosen;
    websocket::DeflateTerms terms;
    const char *error = websocket::check_response(response, client.request.key(), client.request.protocols(), chosen);
    if (!error)
        error = websocket::check_deflate_answer(response.fields, client.deflate ? &*client.deflate : nullptr, terms);
    if (error) {
        conn.owner->refused(conn, WM_EPROTOCOL, error);
        return;
    }
    Reactor &reactor = conn.owner->reactor;
    if (terms.agreed() && !reactor.sessions->deflates.prepare(Role::kClient, terms)) {
        conn.owner->refused(conn, WM_ENOMEM, kNoWindows);
        return;
    }
    client.fields = response.fields;
    client.subprotocol = chosen;
    CodecRow row = terms.agreed() ? CodecRow::kDeflateClient : CodecRow::kWebsocketClient;
    reactor.lifecycle.upgrade(conn, static_cast<uint8_t>(row), {});
}

Rest parse_response(Connection &conn, char *data, size_t len)
{
    const EndpointOptions &options = conn.owner->options;
    while (len > 0 && conn.owner->reactor.inbox.wants_next(conn)) {
        http::ResponseParser &parser = conn.codec_state.as<http::ResponseParser>();
        http::Response response = {};
        Step step =
            parser.step(data, len, static_cast<size_t>(options.max_header_bytes), static_cast<size_t>(options.max_headers), response);
        if (step.kind == StepKind::kMore)
            return {data, step.size, true, step.need};
        if (step.kind == StepKind::kFail) {
            std::string text = std::string("the server's answer is no HTTP: ") + parser.failure().text;
            conn.owner->refused(conn, WM_EPROTOCOL, text.c_str());
            return {data, len, false};
        }
        data += step.size;
        len -= step.size;
        if (step.kind == StepKind::kContinue)
            continue;
        receive(conn, response, {data, len});
        break; // what follows is frames, for the codec that the connection has now
    }
    return {data, len, false};
}

Rest parse(Connection &conn, char *data, size_t len)
{
    try {
        return parse_response(conn, data, len);
    } catch (const std::bad_alloc &) {
        if (conn.state < ConnState::kOpen)
            conn.owner->refused(conn, WM_ENOMEM, "out of memory for the server's answer");
        return {data, len, false};
    }
}

} // namespace

const Codec kWebsocketRequestCodec = {.name = "websocket",
                                      .has_handshake = true,
                                      .abnormal_code = websocket::kAbnormal,
                                      .begin = begin,
                                      .start = start,
                                      .parse = parse,
                                      .send = send_masked_message};

} // namespace wm
