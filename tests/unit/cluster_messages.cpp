// Messages between machines: what is written is read; what is cut, changed, unsealed or of another secret is refused without reading beyond
// it. And the clock of another machine, which never makes a message seem younger than it is.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "hub/cluster/control.h"
#include "hub/cluster/envelope.h"
#include "hub/cluster/peer_clock.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm::cluster;

Seal seal_of(const char *secret, const char *cluster = "shop")
{
    Seal seal;
    assert_true(seal.set_secret(cluster, secret));
    return seal;
}

Envelope sample()
{
    Envelope envelope;
    envelope.kind = Kind::kBatch;
    envelope.node = 0x8877665544332211;
    envelope.epoch = 3;
    envelope.to = 0x9988776655443322;
    envelope.number = 41;
    envelope.sent_ms = 1234567;
    envelope.echo_ms = 7654321;
    return envelope;
}

std::string message(const Envelope &envelope, const std::string &body, Seal &seal)
{
    std::string bytes(body.size() + kEnvelopeExtra, '\0');
    body.copy(bytes.data() + kEnvelopeHeader, body.size());
    size_t size = write_envelope(bytes.data(), envelope, body.size(), seal);
    assert_int_equal(size, kEnvelopeHeader + body.size() + (seal.is_set() ? Seal::kSize : 0));
    bytes.resize(size);
    return bytes;
}

/// From memory that ends where the message does, so that a sanitizer sees a read beyond it.
Refusal read(const std::string &bytes, Seal &seal, std::string *body = nullptr)
{
    std::unique_ptr<char[]> copy(new char[bytes.size()]);
    memcpy(copy.get(), bytes.data(), bytes.size());
    Envelope out;
    Refusal refusal = read_envelope(copy.get(), bytes.size(), seal, out);
    if (refusal == Refusal::kNone && body)
        *body = out.body;
    return refusal;
}

void a_message_is_read_as_it_was_written(void **)
{
    for (const char *secret : {"", "a secret"}) {
        Seal seal = seal_of(secret);
        std::string bytes = message(sample(), "the body", seal);
        Envelope out;
        assert_int_equal(read_envelope(bytes.data(), bytes.size(), seal, out), Refusal::kNone);
        Envelope in = sample();
        assert_true(out.kind == in.kind && out.node == in.node && out.epoch == in.epoch && out.to == in.to && out.number == in.number &&
                    out.sent_ms == in.sent_ms && out.echo_ms == in.echo_ms);
        assert_true(out.body == "the body");
    }
}

void a_message_that_is_cut_is_refused(void **)
{
    for (const char *secret : {"", "a secret"}) {
        Seal seal = seal_of(secret);
        std::string bytes = message(sample(), "", seal);
        for (size_t size = 0; size < bytes.size(); size++)
            assert_int_not_equal(read(bytes.substr(0, size), seal), Refusal::kNone);
    }
}

void a_sealed_message_cannot_be_changed(void **)
{
    Seal seal = seal_of("a secret");
    std::string bytes = message(sample(), "the body", seal);
    for (size_t at = 0; at < bytes.size(); at++) {
        std::string changed = bytes;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        assert_int_not_equal(read(changed, seal), Refusal::kNone);
    }
    assert_int_equal(read(bytes, seal), Refusal::kNone);
}

void nodes_with_other_secrets_are_told_apart(void **)
{
    Seal none = seal_of(""), seal = seal_of("a secret"), other = seal_of("another"), cluster = seal_of("a secret", "another");
    std::string open = message(sample(), "x", none), sealed = message(sample(), "x", seal);
    assert_int_equal(read(open, none), Refusal::kNone);
    assert_int_equal(read(open, seal), Refusal::kUnsealed);
    assert_int_equal(read(sealed, none), Refusal::kSealed);
    assert_int_equal(read(sealed, other), Refusal::kForged);
    assert_int_equal(read(sealed, cluster), Refusal::kForged);
}

void other_versions_and_lies_are_refused(void **)
{
    Seal seal = seal_of("");
    std::string bytes = message(sample(), "x", seal);
    bytes[3] = kEnvelopeVersion + 1;
    assert_int_equal(read(bytes, seal), Refusal::kNone);
    bytes[3] = kEnvelopeVersion + 2;
    assert_int_equal(read(bytes, seal), Refusal::kVersion);
    bytes[3] = kEnvelopeVersion;
    bytes[4] = 9;
    assert_int_equal(read(bytes, seal), Refusal::kForeign);
    Envelope envelope = sample();
    envelope.node = 0;
    assert_int_equal(read(message(envelope, "x", seal), seal), Refusal::kForeign);
    for (int64_t time : {int64_t{-1}, INT64_MIN, INT64_MAX}) {
        envelope = sample();
        envelope.sent_ms = time;
        assert_int_equal(read(message(envelope, "x", seal), seal), Refusal::kForeign);
    }
    assert_int_equal(read("PING", seal), Refusal::kForeign);
}

void controls_are_read_as_they_were_written(void **)
{
    char bytes[kMaxControl + 64];
    const std::string name(300, 'n');
    char *at = put_hello(bytes, {5, 6, true, 7, name, "10.0.0.1", "0.1.0"});
    at = put_control(at, ControlOp::kWho);
    at = put_probe(at, 99);
    at = put_control(at, ControlOp::kBye);
    std::string_view rest(bytes, static_cast<size_t>(at - bytes));
    Control control;
    Hello hello;
    uint64_t time = 0;
    assert_true(next_control(rest, control) && control.op == ControlOp::kHello && read_hello(control.body, hello));
    assert_true(hello.seq == 5 && hello.digest == 6 && hello.knows_names && hello.processes == 7 && hello.name == name.substr(0, 255) &&
                hello.address == "10.0.0.1" && hello.version == "0.1.0");
    assert_true(next_control(rest, control) && control.op == ControlOp::kWho && control.body.empty());
    assert_true(next_control(rest, control) && control.op == ControlOp::kProbe && read_probe(control.body, time) && time == 99);
    assert_true(next_control(rest, control) && control.op == ControlOp::kBye);
    assert_true(rest.empty() && !next_control(rest, control));
}

void controls_that_are_cut_are_not_read(void **)
{
    char bytes[kMaxControl];
    auto whole = static_cast<size_t>(put_hello(bytes, {5, 6, true, 7, "name", "address", "version"}) - bytes);
    for (size_t size = 0; size < whole; size++) {
        std::unique_ptr<char[]> copy(new char[size]);
        memcpy(copy.get(), bytes, size);
        std::string_view rest(copy.get(), size);
        Control control;
        assert_false(next_control(rest, control));
    }
    Control control;
    std::string_view rest(bytes, whole);
    assert_true(next_control(rest, control));
    Hello hello;
    for (size_t size = 0; size < control.body.size(); size++)
        assert_false(read_hello(control.body.substr(0, size), hello));
    uint64_t time;
    assert_false(read_probe(control.body.substr(0, 7), time));
}

// ---- clocks

void a_message_never_seems_younger_than_it_is(void **)
{
    constexpr int64_t kAhead = 1'000'000; // theirs of ours
    PeerClock clock;
    int64_t now = 5000;
    clock.sample(now - 3 + kAhead, 0, now);
    assert_false(clock.is_known());
    clock.sample(now - 3 + kAhead, now - 10, now); // our time -10 had come by -3
    assert_true(clock.is_known());
    assert_int_equal(now + kAhead + clock.offset(), now - 7);
    clock.sample(now + 100 + kAhead, now + 98, now + 102);
    assert_int_equal(now + kAhead + clock.offset(), now - 2);
    clock.sample(now + 200 + kAhead, now + 150, now + 202); // a slow one tells less
    assert_int_equal(now + kAhead + clock.offset(), now - 2);
    clock.sample(now + 300 + kAhead, now + 999, now + 302); // a lie: from our future
    assert_int_equal(now + kAhead + clock.offset(), now - 2);
}

void what_a_clock_was_is_forgotten(void **)
{
    PeerClock clock;
    clock.sample(1000, 999, 1001);
    assert_int_equal(clock.offset(), -1);
    for (int64_t now = 10'000; now <= 70'000; now += 10'000)
        clock.sample(now, now - 50, now + 1);
    assert_int_equal(clock.offset(), -50);
}

/// Ours stood still, as in a suspended machine: what comes now would seem to be sent in the future.
void a_clock_that_stood_still_is_seen_at_once(void **)
{
    PeerClock clock;
    clock.sample(1000, 999, 1001);
    clock.sample(11'000, 0, 1002);
    assert_true(11'000 + clock.offset() <= 1002);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_read_as_it_was_written), cmocka_unit_test(a_message_that_is_cut_is_refused),
        cmocka_unit_test(a_sealed_message_cannot_be_changed),  cmocka_unit_test(nodes_with_other_secrets_are_told_apart),
        cmocka_unit_test(other_versions_and_lies_are_refused), cmocka_unit_test(controls_are_read_as_they_were_written),
        cmocka_unit_test(controls_that_are_cut_are_not_read),  cmocka_unit_test(a_message_never_seems_younger_than_it_is),
        cmocka_unit_test(what_a_clock_was_is_forgotten),       cmocka_unit_test(a_clock_that_stood_still_is_seen_at_once),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
