#include "wm-serve/line_gate.h"

#include "shared/inner_proof.h"
#include "shared/json_write.h"
#include "wm/conn.h"
#include "wm/worker.h"

#include <new>
#include <utility>

namespace wm::serve {

void LineGate::setup(wm_worker *worker, const InnerSecret &secret, int64_t max_line)
{
    worker_ = worker;
    secret_ = &secret;
    max_line_ = max_line;
    due_.setup(
        wm_worker_app(worker), kTimeMs, [](wm_conn conn, void *self) { return static_cast<LineGate *>(self)->waiting_.contains(conn); },
        [](wm_conn conn, void *self) { static_cast<LineGate *>(self)->refuse(conn, "no proof came in time"); }, this);
}

void LineGate::opened(wm_conn conn)
{
    bool waits = false;
    try {
        waits = waiting_.try_emplace(conn).second;
    } catch (const std::bad_alloc &) { // what is not known to wait would be let in
    }
    if (!waits || !due_.add(conn) || wm_conn_set_int(conn, "max_message", kMaxAuthLine) != 0)
        wm_conn_destroy(conn);
}

bool LineGate::passes(wm_conn conn, std::string_view line)
{
    auto found = waiting_.find(conn);
    if (found == waiting_.end())
        return true;
    AuthLine auth = read_auth_line(line);
    Challenge &challenge = found->second;
    bool asked = !challenge.server_nonce.empty();
    if (!asked && !auth.nonce.empty())
        ask(conn, challenge, auth.nonce);
    else if (asked && !auth.mac.empty())
        check(conn, challenge, auth.mac);
    else if (asked)
        refuse(conn, R"(behind the nonce comes the proof: {"wm":{"cmd":"auth","mac":"64 HEX DIGITS"}})");
    else
        refuse(conn, R"(this port has a secret, and the first line asks for it: {"wm":{"cmd":"auth","nonce":"64 HEX DIGITS"}})");
    return false;
}

bool LineGate::passes_long(wm_conn conn)
{
    if (!waiting_.contains(conn))
        return true;
    refuse(conn, "a line before the proof is longer than " + std::to_string(kMaxAuthLine) + " bytes");
    return false;
}

void LineGate::ask(wm_conn conn, Challenge &challenge, std::string_view nonce)
{
    std::string own = make_nonce();
    if (own.empty()) {
        refuse(conn, "there are no random numbers");
        return;
    }
    std::string answer = R"(ok {"nonce":")" + own + R"("})";
    challenge.client_nonce = nonce;
    challenge.server_nonce = std::move(own);
    wm_conn_send(conn, answer.data(), answer.size(), 0);
}

void LineGate::check(wm_conn conn, const Challenge &challenge, std::string_view mac)
{
    auto proof = [this, &challenge](Prover prover) {
        return make_proof(secret_->text(), prover, challenge.client_nonce, challenge.server_nonce);
    };
    std::string wanted = proof(Prover::kClient), own = proof(Prover::kServer);
    if (!secret_->given() || own.empty() || !equal_in_constant_time(mac, wanted)) {
        refuse(conn, "the proof is wrong: it is made with another secret, or in another way");
        return;
    }
    std::string answer = R"(ok {"mac":")" + own + R"("})";
    if (wm_conn_set_int(conn, "max_message", max_line_) != 0 || wm_conn_send(conn, answer.data(), answer.size(), 0) < 0) {
        wm_conn_destroy(conn);
        return;
    }
    waiting_.erase(conn); // with the challenge
    due_.drop();
}

/// Answers, closes behind it, and takes nothing more.
void LineGate::refuse(wm_conn conn, std::string_view why)
{
    std::string answer(kAuthFailure);
    answer += R"("detail":)";
    append_json_string(answer, why);
    answer += '}';
    wm_conn_send(conn, answer.data(), answer.size(), 0);
    wm_conn_close(conn, 0, nullptr, 0);
    if (refused_.due())
        refused_.log(std::string(wm_worker_address(worker_)) + ": refused the back end " + peer_name(conn) + ": " + std::string(why));
}

} // namespace wm::serve
