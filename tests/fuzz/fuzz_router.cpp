// A router among peers that say anything: batches with a valid header and records of the input's own, links that come and go, requests and
// time. Each request from here is answered exactly once and in time, what is on the way adds up, limits hold, and nothing is read beyond a
// batch. The first octet selects the role.
#include "fuzz_input.h"
#include "hub/router/little_endian.h"
#include "hub/router/router.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>

namespace {

using fuzz::Input;
using namespace wm::router;

void check(bool holds, const char *text)
{
    if (holds)
        return;
    std::fprintf(stderr, "%s\n", text);
    std::abort();
}

Limits small()
{
    Limits limits;
    limits.peer_bytes = 2000;
    limits.total_bytes = 4000;
    limits.outstanding = 20;
    limits.peer_requests = 10;
    return limits;
}

class Machine : Host {
public:
    explicit Machine(const Input &input) : input_(input)
    {
        bool child = input_.octet() % 2;
        for (uint64_t node = 1; node <= kPeers; node++)
            router_.expect(node, child && node == 1 ? PeerKind::kHub : PeerKind::kChild);
    }

    void run()
    {
        while (!input_.empty())
            step();
        now_ += 2 * int64_t{kMaxTimeoutMs};
        end_turn();
        check(waiting_.empty() && router_.outstanding() == 0, "a request without an answer");
    }

private:
    static constexpr uint64_t kPeers = 3;

    void send(uint64_t, const char *batch, size_t size) override
    {
        BatchReader reader(batch, size);
        BatchHeader header;
        Record record;
        check(reader.header(header), "a batch that is written cannot be read");
        while (reader.next(record)) {
        }
        check(reader.is_complete(), "a batch that is written cannot be read to its end");
    }
    void drop(uint64_t) override {}
    Result take(const Request &request) override
    {
        volatile char last = 0;
        for (std::string_view text : {request.name, request.extra, request.payload})
            for (char each : text)
                last = each;
        (void)last;
        check(request.sent_ms > now_ - request.timeout_ms && request.sent_ms <= now_, "a request outside its time");
        return {static_cast<uint32_t>(request.payload.size() % 3)};
    }
    void answer(uint64_t ref, const Result &) override { check(waiting_.erase(ref) == 1, "an answer too many"); }

    void ask()
    {
        Request request;
        request.op = static_cast<Op>(16 + input_.octet() % 8);
        request.flags = input_.octet() % 4;
        request.timeout_ms = input_.octet() * 8u;
        std::string payload(input_.take(input_.octet()));
        request.payload = payload;
        uint64_t ref = ++last_ref_;
        Result result;
        if (!router_.request(request, ref, now_, result))
            waiting_[ref] = now_ + std::max<int64_t>(request.timeout_ms, 1);
    }

    void receive()
    {
        uint8_t which = input_.octet();
        uint64_t node = 1 + which % kPeers;
        std::string batch = "WMR\1";
        char numbers[36];
        char *at = put(numbers, uint32_t{input_.octet()});
        at = put(at, node);
        at = put(at, uint64_t{1} + (which & 64 ? 1 : 0));
        positions_[node - 1] += which & 128 ? 0 : 100;
        at = put(at, positions_[node - 1]);
        put(at, uint64_t{input_.octet()} * (which & 32 ? 100 : 0));
        batch.append(numbers, sizeof numbers);
        for (uint8_t records = input_.octet() % 4; records > 0; records--)
            batch += record();
        batch += input_.take(input_.octet() % 8);
        std::unique_ptr<char[]> exact(new char[batch.size()]);
        memcpy(exact.get(), batch.data(), batch.size());
        router_.receive(node + (which & 16 ? kPeers : 0), exact.get(), batch.size(), now_);
    }

    /// A record whose length is mostly right, of mostly known kinds, with numbers that mostly name something.
    std::string record()
    {
        uint8_t kind = input_.octet();
        std::string body;
        char numbers[kRequestHeader] = {};
        if (kind % 4 == 0) {
            char *at = put(numbers, uint32_t{input_.octet()});
            at = put(at, uint32_t{input_.octet()});
            at = put(at, uint16_t{input_.octet()});
            put(at, input_.octet());
            body.assign(numbers, kAckSize);
        } else if (kind % 4 == 1) {
            char *at = put(numbers, now_ - input_.octet());
            at = put(at, uint32_t{input_.octet()} * 16);
            at = put(at, uint32_t{0});
            at = put(at, uint16_t{input_.octet()});
            put(at, uint16_t{input_.octet()});
            body.assign(numbers, kRequestHeader);
        }
        body += input_.take(input_.octet());
        char header[kRecordHeader] = {};
        uint8_t lie = input_.octet();
        char *at = put(header, static_cast<uint32_t>(body.size()) + (lie > 250 ? lie : 0));
        at = put(at, kind % 4 == 0 ? uint8_t{4} : static_cast<uint8_t>(kind % 4 == 1 ? 16 + kind / 4 % 8 : kind / 4));
        at = put(at, lie);
        at = put(at, uint16_t{0});
        put(at, uint32_t{input_.octet()});
        return std::string(header, sizeof header) + body;
    }

    void step()
    {
        uint64_t node = 1 + input_.octet() % kPeers;
        switch (input_.octet() % 8) {
        case 0:
            router_.connected(node, node, now_);
            break;
        case 1:
            router_.disconnected(node);
            break;
        case 2:
            router_.forget(node);
            router_.expect(node, PeerKind::kChild);
            break;
        case 3:
            ask();
            break;
        case 4:
            now_ += input_.octet() * 4;
            end_turn();
            break;
        default:
            receive();
        }
        check_sums();
    }

    void end_turn()
    {
        router_.tick(now_);
        router_.flush();
        for (auto &[ref, expires] : waiting_)
            check(expires > now_, "an answer is late");
        for (const Peer &peer : router_.peers())
            check(peer.in_flight() <= small().drop_bytes(), "a peer that reads nothing keeps its link");
    }

    void check_sums()
    {
        uint64_t sum = 0;
        for (const Peer &peer : router_.peers())
            sum += peer.in_flight();
        check(sum == router_.in_flight(), "what is on the way does not add up");
        check(router_.outstanding() <= small().outstanding, "too many requests wait");
    }

    Input input_;
    Router router_{*this, 77, 1, small()};
    int64_t now_ = 100'000;
    uint64_t last_ref_ = 0;
    std::map<uint64_t, int64_t> waiting_; ///< ref -> deadline
    uint64_t positions_[kPeers] = {};
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Machine(Input(data, size)).run();
    return 0;
}
