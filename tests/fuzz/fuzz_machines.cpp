// The machines of a cluster, by messages of an engine that anybody may write: the header is valid and its values are the input's, the body
// is a batch, records, or octets of the input. Each request is answered exactly once and in time, nothing is read beyond a message, and
// what is sent can be read.
#include "fuzz_check.h"
#include "fuzz_input.h"
#include "hub/cluster/machines.h"
#include "hub/router/batch.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <string>

namespace {

using fuzz::check;
using fuzz::Input;
using namespace wm::cluster;
using wm::router::Batch;
using wm::router::BatchHeader;
using wm::router::Request;
using wm::router::Result;

constexpr uint64_t kOwn = uint64_t{1} << 63 | 1;

class Service : public wm::router::Host, public MachinesHost, public OwnMachine {
public:
    explicit Service(const Input &input) : input_(input)
    {
        const char *secret = input_.octet() % 2 ? "secret" : "";
        Seal seal;
        check(seal.set_secret("fuzz", secret) && seal_.set_secret("fuzz", secret), "no seal");
        check(prints_.set_key("fuzz", secret), "no key");
        target_ = claims_.directory.open(0);
        machines_ = std::make_unique<Machines>(*this, router_, this, Identity{kOwn, 1, "own", ""}, std::move(seal));
        machines_->up(kMaxBytes, now_);
    }

    void run()
    {
        while (!input_.empty())
            step();
        for (int i = 0; i < 3; i++) {
            now_ += wm::router::kMaxTimeoutMs;
            turn();
        }
        check(waiting_.empty() && router_.outstanding() == 0, "a request without an answer");
    }

private:
    static constexpr size_t kMaxBytes = 4096;

    void send(uint64_t link, const char *batch, size_t size) override { machines_->send(link, batch, size, now_); }
    void drop(uint64_t link) override { machines_->drop(link, now_); }
    Result take(const Request &request) override
    {
        check(request.sent_ms > now_ - request.timeout_ms && request.sent_ms <= now_, "a request outside its time");
        volatile char last = 0;
        for (std::string_view text : {request.name, request.extra, request.payload})
            for (char each : text)
                last = each;
        (void)last;
        return {static_cast<uint32_t>(request.payload.size() % 3)};
    }
    void answer(uint64_t ref, const Result &) override { check(waiting_.erase(ref) == 1, "an answer to no request"); }
    bool carry(uint64_t, const char *bytes, size_t size) override
    {
        Envelope out;
        check(size <= kMaxBytes && read_envelope(bytes, size, seal_, out) == Refusal::kNone, "a message that is sent cannot be read");
        if (input_.octet() % 2) // it comes back, or goes round
            own_.assign(bytes, size);
        return true;
    }
    void renew(const char *) override {}
    void refused(Refusal why, const Envelope &) override { check(why != Refusal::kNone, "refused without a reason"); }
    uint64_t clock_us() override { return static_cast<uint64_t>(now_) * 1000; }
    const Claims &claims() const override { return claims_; }
    bool knows_names() const override { return now_ % 32 < 24; }
    const Fingerprints &prints() const override { return prints_; }

    void step()
    {
        switch (input_.octet() % 8) {
        case 0:
            now_ += input_.octet() * 16;
            break;
        case 1: {
            Request request;
            request.timeout_ms = input_.octet() * 4;
            request.name = "uid";
            Result result;
            uint64_t ref = ++ref_;
            waiting_[ref] = true;
            if (router_.request(request, ref, now_, result))
                waiting_.erase(ref);
            break;
        }
        case 2:
            machines_->down(now_);
            machines_->up(kMaxBytes, now_);
            break;
        case 3:
            receive(own_);
            break;
        case 4:
            if (uint64_t print = input_.octet(); print % 2)
                claims_.directory.add(print, target_);
            else
                claims_.directory.remove(print + 1, target_);
            break;
        default:
            message();
        }
        turn();
    }

    std::string batch(uint64_t node, uint64_t epoch)
    {
        Batch batch;
        if (input_.octet() % 4)
            batch.add(wm::router::Op::kHello);
        for (int i = input_.octet() % 4; i > 0; i--) {
            Request request;
            request.op = static_cast<wm::router::Op>(16 + input_.octet() % 8);
            request.flags = input_.octet() % 4;
            request.sent_ms = static_cast<int64_t>(input_.octet()) << input_.octet() % 56;
            request.timeout_ms = input_.octet() * 256;
            request.name = "uid";
            batch.add(request, input_.octet());
            batch.add(wm::router::Ack{input_.octet(), {input_.octet(), input_.octet(), wm::router::Reason::kNone}});
        }
        position_ += batch.size() + input_.octet();
        const char *bytes = batch.finish(BatchHeader{node, epoch, position_, input_.octet()});
        return {bytes, batch.size()};
    }

    std::string control()
    {
        char control[kMaxControl + 1024];
        Hello hello;
        hello.seq = input_.octet();
        hello.digest = input_.octet() % 2 ? 0 : digest_of(input_.octet());
        hello.knows_names = input_.octet() % 4;
        hello.name = "name";
        char *end = put_hello(control, hello);
        auto op = static_cast<ControlOp>(input_.octet() % 10);
        uint32_t prints = input_.octet() % 8;
        switch (op) {
        case ControlOp::kDelta:
            end = put_control_header(end, op, kDeltaHeader + prints * 8);
            end = put_delta_header(end, input_.octet(), input_.octet(), prints / 2, prints - prints / 2);
            break;
        case ControlOp::kWant:
            end = put_want(put_control_header(end, op, kWantSize), input_.octet());
            prints = 0;
            break;
        case ControlOp::kState:
            end = put_control_header(end, op, kStateHeader + prints * 8);
            end = put_state_header(end, input_.octet(), input_.octet() % 4, input_.octet() % 4, prints);
            break;
        default:
            end = put_control(end, op);
            prints = 0;
        }
        for (uint32_t i = 0; i < prints; i++)
            end = wm::router::put(end, uint64_t{input_.octet()});
        return {control, static_cast<size_t>(end - control)};
    }

    void message()
    {
        Envelope envelope;
        envelope.node = kOwn + input_.octet() % 4;
        envelope.epoch = input_.octet() % 3;
        envelope.to = input_.octet() % 2 ? 0 : kOwn;
        envelope.number = number_ += input_.octet() % 4;
        envelope.sent_ms = now_ - input_.octet() * 8;
        envelope.echo_ms = input_.octet() % 2 ? std::max<int64_t>(now_ - input_.octet(), 0) : 0;
        std::string body;
        switch (input_.octet() % 3) {
        case 0:
            envelope.kind = Kind::kBatch;
            body = batch(envelope.node, envelope.epoch);
            break;
        case 1:
            body = control();
            break;
        default:
            envelope.kind = input_.octet() % 2 ? Kind::kBatch : Kind::kControl;
            for (int i = input_.octet() % 64; i > 0; i--)
                body += static_cast<char>(input_.octet());
        }
        if (input_.octet() % 8 == 0)
            body.resize(body.size() / 2);
        std::string bytes(body.size() + kEnvelopeExtra, '\0');
        body.copy(bytes.data() + kEnvelopeHeader, body.size());
        bytes.resize(write_envelope(bytes.data(), envelope, body.size(), seal_));
        if (input_.octet() % 16 == 0)
            bytes.resize(bytes.size() / 2);
        receive(bytes);
    }

    /// From memory that ends where the message does.
    void receive(const std::string &bytes)
    {
        std::unique_ptr<char[]> copy(new char[bytes.size() + 1]);
        memcpy(copy.get() + 1, bytes.data(), bytes.size());
        machines_->receive(copy.get() + 1, bytes.size(), now_);
    }

    void turn()
    {
        machines_->tick(now_);
        router_.tick(now_);
        machines_->flush(now_);
        router_.flush();
    }

    Input input_;
    int64_t now_ = 1'000'000;
    wm::router::Router router_{*this, 1, 1};
    Seal seal_;
    Claims claims_;
    Directory::Target target_ = Directory::kNoTarget;
    Fingerprints prints_;
    std::unique_ptr<Machines> machines_;
    std::map<uint64_t, bool> waiting_;
    std::string own_;
    uint64_t ref_ = 0, number_ = 0, position_ = 0;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Service(Input(data, size)).run();
    return 0;
}
