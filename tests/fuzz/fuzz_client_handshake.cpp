// What a client reads before its connection is open, from a server or a proxy: ResponseParser, the checks of a websocket's handshake, and
// the dialogs with proxies. However the bytes are cut, the outcome is the same. The first octet says who answers, the second is the number
// of cuts, whose distances follow. Each step sees an allocation of the exact size.
#include "fuzz_check.h"
#include "proto/http/fields.h"
#include "proto/proxy/proxy_dialog.h"
#include "proto/websocket/client_handshake.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using fuzz::check;
using wm::Step;
using wm::StepKind;

constexpr size_t kMaxBytes = 512, kMaxLines = 8;

/// Feeds the pieces to a reader until it is done; the log says what came out.
template <class Reader> std::string play(Reader reader, std::string_view bytes, const std::vector<size_t> &cuts)
{
    std::string held, log;
    size_t at = 0;
    for (size_t i = 0; i <= cuts.size(); i++) {
        size_t end = i < cuts.size() ? cuts[i] : bytes.size();
        held.append(bytes.substr(at, end - at));
        at = end;
        for (StepKind kind = StepKind::kContinue; kind == StepKind::kContinue && !held.empty();) {
            std::unique_ptr<char[]> exact(new char[held.size()]);
            memcpy(exact.get(), held.data(), held.size());
            Step step = reader.step(exact.get(), held.size(), log);
            check(step.size <= held.size(), "a step consumed more than it was given");
            check(step.need == 0 || step.need > step.size, "a step that has what it needs asks for more");
            kind = step.kind;
            if (kind == StepKind::kMore)
                check(step.size == held.size(), "a step that needs more keeps all");
            else
                held.erase(0, step.size);
            if (kind == StepKind::kFail)
                return log + "fail";
            if (kind == StepKind::kMessage)
                return log + "done, left " + std::to_string(held.size() + bytes.size() - at);
        }
        check(held.size() <= kMaxBytes, "more is kept than the limit");
    }
    return log + "more";
}

struct Response {
    wm::http::ResponseParser parser;

    Step step(const char *data, size_t len, std::string &log)
    {
        wm::http::Response response = {};
        Step step = parser.step(data, len, kMaxBytes, kMaxLines, response);
        if (step.kind == StepKind::kFail)
            log += parser.failure().text;
        if (step.kind != StepKind::kMessage && step.kind != StepKind::kContinue)
            return step;
        log += std::to_string(response.status) + std::string(response.reason) + "|" + std::string(response.fields) + "|";
        std::string_view name, value, chosen;
        size_t bytes = 0;
        for (size_t cursor = 0; wm::http::field_at(response.fields, cursor, name, value);)
            bytes = cursor;
        check(bytes == response.fields.size(), "fields that are not walked to their end");
        const char *error = wm::websocket::check_response(response, "dGhlIHNhbXBsZSBub25jZQ==", "chat, more", chosen);
        check(error || chosen.empty() || chosen == "chat" || chosen == "more", "a subprotocol that was not asked for");
        log += error ? error : "taken";
        for (char c : wm::websocket::refusal_text(response, response.fields))
            check(c >= ' ' && c < 0x7f, "a text that is not escaped");
        return step;
    }
};

struct Proxy {
    wm::proxy::Dialog dialog;

    explicit Proxy(const wm::proxy::Request &request) : dialog(request) {}
    Step step(const char *data, size_t len, std::string &log)
    {
        Step step = dialog.step(data, len, kMaxBytes, kMaxLines);
        if (step.kind == StepKind::kContinue)
            log += dialog.next();
        if (step.kind != StepKind::kFail)
            return step;
        check(dialog.error() < 0, "a failure without an error");
        for (char c : dialog.text())
            check(c == '\xc2' || c == '\xa7' || (c >= ' ' && c < 0x7f), "a text that is not escaped"); // "§"
        log += dialog.text();
        return step;
    }
};

template <class Reader> void check_all(const Reader &reader, std::string_view bytes, const std::vector<size_t> &cuts)
{
    std::vector<size_t> every;
    for (size_t i = 1; i < bytes.size(); i++)
        every.push_back(i);
    std::string whole = play(reader, bytes, {});
    check(whole == play(reader, bytes, cuts), "the outcome hangs on the cuts");
    check(whole == play(reader, bytes, every), "the outcome hangs on the cuts");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t count = std::min<size_t>(data[1] % 16, size - 2);
    std::string_view bytes(reinterpret_cast<const char *>(data) + 2 + count, size - 2 - count);
    std::vector<size_t> cuts;
    for (size_t i = 0, at = 0; i < count; i++) {
        at += data[2 + i];
        if (at < bytes.size())
            cuts.push_back(at);
    }
    const wm::proxy::Target target = {"a.example", {}, 443};
    const wm::proxy::Login login = data[0] & 4 ? wm::proxy::Login{"user", "password"} : wm::proxy::Login{};
    const wm::proxy::Request request =
        wm::proxy::make_request(data[0] & 1 ? wm::proxy::Kind::kHttp : wm::proxy::Kind::kSocks5, target, login);
    if (data[0] & 2)
        check_all(Response(), bytes, cuts);
    else
        check_all(Proxy(request), bytes, cuts);
    return 0;
}
