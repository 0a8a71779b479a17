// What a peer says of its names, as bytes of the input: DELTA, STATE and HELLO in any order, with lengths and seqs that lie. Nothing is
// read beyond a record, limits hold, and what the directory counts adds up. Names of an honest sender between them are told as they are.
#include "fuzz_check.h"
#include "fuzz_input.h"
#include "hub/cluster/claim_records.h"
#include "hub/cluster/claims.h"
#include "hub/cluster/fingerprint.h"
#include "hub/cluster/peer_claims.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

namespace {

using fuzz::Input;
using namespace wm::cluster;

constexpr uint64_t kMost = 50;

class Machine {
public:
    explicit Machine(const Input &input) : input_(input) {}

    void run()
    {
        while (!input_.empty()) {
            step();
            fuzz::check(peer_.count() <= kMost, "more names than the limit");
            fuzz::check(!peer_.is_valid() || !peer_.has_too_many(), "valid with too many names");
        }
        while (directory_.has_garbage())
            directory_.sweep();
        fuzz::check(directory_.size() == peer_.count(), "names that no target has");
    }

private:
    uint64_t number() { return input_.octet() % 32; }

    void step()
    {
        uint8_t what = input_.octet();
        switch (what % 6) {
        case 0:
            peer_.hello(1 + what / 128, number(), what & 64 ? claims_.digest() : number());
            break;
        case 1:
        case 2:
            record();
            break;
        case 3:
            change();
            break;
        case 4:
            honest(what & 64 ? peer_.have() : number());
            break;
        default:
            peer_.doubt();
        }
    }

    void change()
    {
        uint64_t fp = number();
        if (input_.octet() % 3)
            fuzz::check(claims_.directory.add(fp, own_), "no memory");
        else
            claims_.directory.remove(fp, own_);
    }

    void give(std::string_view bytes, bool is_delta)
    {
        std::unique_ptr<char[]> exact(new char[bytes.size()]);
        memcpy(exact.get(), bytes.data(), bytes.size());
        std::string_view body(exact.get(), bytes.size());
        Delta delta;
        StatePart part;
        uint64_t have;
        read_want(body, have);
        if (is_delta && read_delta(body, delta))
            peer_.apply(delta);
        else if (!is_delta && read_state(body, part))
            peer_.apply(part);
    }

    /// Mostly with the length that it says.
    void record()
    {
        uint8_t what = input_.octet();
        char header[kDeltaHeader];
        uint32_t prints = input_.octet() % 64;
        if (what & 1) {
            uint64_t before = number();
            uint32_t adds = prints > 0 ? input_.octet() % (prints + 1) : 0;
            put_delta_header(header, before, before + number(), adds, what & 64 ? UINT32_MAX : prints - adds);
        } else {
            uint32_t part = input_.octet() % 4;
            put_state_header(header, number(), part, what & 2 ? part + 1 : what & 4 ? 0 : input_.octet(), prints);
        }
        std::string body(header, what & 1 ? kDeltaHeader : kStateHeader);
        for (uint32_t i = 0; i < prints; i++) {
            char fp[8];
            wm::router::put(fp, number());
            body.append(fp, sizeof fp);
        }
        if (what & 128)
            body.resize(input_.octet() % (body.size() + 1));
        give(body, what & 1);
    }

    /// All that a stream from there says.
    void honest(uint64_t have)
    {
        ClaimStream stream(have);
        std::unique_ptr<char[]> body(new char[kMaxClaimBody]);
        size_t size = 0;
        for (ClaimOp op; (op = stream.next(claims_, body.get(), &size)) != ClaimOp::kNone;)
            give({body.get(), size}, op == ClaimOp::kDelta);
        fuzz::check(stream.is_done(claims_), "a stream that ends too early");
    }

    Input input_;
    Claims claims_;
    Directory::Target own_ = claims_.directory.open(0);
    Directory directory_;
    PeerClaims peer_{directory_, 1, kMost};
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Machine(Input(data, size)).run();
    return 0;
}
