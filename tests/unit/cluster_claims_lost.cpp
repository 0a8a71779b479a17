// Claims over a channel that loses, doubles and reorders what is sent: what a receiver holds as valid is what the sender has, in seeded
// runs.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "hub/cluster/claim_records.h"
#include "hub/cluster/claims.h"
#include "hub/cluster/peer_claims.h"

#include "claims_feed.h"

namespace {

using namespace claims_feed;

/// One sender, one receiver, and what is on the way: in the order in which it was sent, but where the channel errs.
class Run {
public:
    explicit Run(uint32_t seed) : random_(seed), own_{claims_.directory.open(0), claims_.directory.open(1)} {}

    void run(uint32_t steps)
    {
        for (uint32_t i = 0; i < steps; i++) {
            step(true);
            check();
        }
        way_.clear();
        for (uint32_t i = 0; i < 100 && !(peer_.is_valid() && peer_.have() == claims_.seq()); i++) {
            hello();
            while (!way_.empty())
                deliver(false);
        }
        assert_true(peer_.is_valid());
        assert_int_equal(peer_.have(), claims_.seq());
        check();
    }

private:
    static constexpr uint64_t kNames = 400;

    struct OnTheWay {
        enum class Kind { kRecord, kHello, kWant } kind;
        Message message;
        uint64_t epoch, seq, digest;
    };

    uint32_t below(uint32_t n) { return static_cast<uint32_t>(random_() % n); }

    void step(bool errs)
    {
        switch (below(8)) {
        case 0:
            hello();
            break;
        case 1:
            peer_.doubt();
            break;
        case 2:
            claims_.directory.sweep();
            directory_.sweep();
            break;
        case 3:
            if (below(40) == 0)
                replace();
            break;
        case 4:
        case 5:
            change();
            flush(all_);
            break;
        default:
            if (!way_.empty())
                deliver(errs);
        }
    }

    void change()
    {
        uint32_t changes = below(50) == 0 ? 300 : below(6);
        for (uint32_t i = 0; i < changes; i++) {
            uint64_t fp = 1 + below(kNames);
            if (below(2))
                assert_true(claims_.directory.add(fp, own_[below(2)]));
            else
                claims_.directory.remove(fp, own_[below(2)]);
            changed_[fp] = claims_.seq();
        }
    }
    /// A process with names ends, and another one begins.
    void replace()
    {
        uint32_t which = below(2);
        claims_.directory.close(own_[which]);
        while (claims_.directory.has_garbage())
            claims_.directory.sweep();
        for (uint64_t fp = 1; fp <= kNames; fp++)
            changed_[fp] = claims_.seq();
        own_[which] = claims_.directory.open(which);
    }

    void flush(ClaimStream &stream)
    {
        for (Message message = next_of(stream, claims_); message.op != ClaimOp::kNone; message = next_of(stream, claims_))
            way_.push_back({OnTheWay::Kind::kRecord, message, 1, 0, 0});
    }
    void hello()
    {
        flush(all_);
        way_.push_back({OnTheWay::Kind::kHello, {}, 1, claims_.seq(), claims_.digest()});
    }
    void ask() { way_.push_back({OnTheWay::Kind::kWant, {}, 1, peer_.have(), 0}); }

    void deliver(bool errs)
    {
        if (errs && below(10) == 0) {
            way_.pop_front();
            return;
        }
        size_t which = errs && below(6) == 0 ? below(static_cast<uint32_t>(std::min<size_t>(way_.size(), 5))) : 0;
        OnTheWay one = way_[which];
        if (!errs || below(12) != 0)
            way_.erase(way_.begin() + static_cast<ptrdiff_t>(which));
        if (one.kind == OnTheWay::Kind::kWant) {
            // A short list, as if many changes had passed.
            ClaimStream stream(below(3) == 0 ? UINT64_MAX : one.seq);
            flush(stream);
        } else if (one.kind == OnTheWay::Kind::kHello ? peer_.hello(one.epoch, one.seq, one.digest) : give(peer_, one.message)) {
            ask();
        }
    }

    /// What is valid is true, but for names that changed behind what it has.
    void check()
    {
        if (!peer_.is_valid())
            return;
        for (uint64_t fp = 1; fp <= kNames; fp++) {
            if (changed_[fp] > peer_.have())
                continue;
            bool held = false;
            directory_.each(fp, [&](uint32_t) { held = true; });
            assert_int_equal(held, claims_.directory.has(fp));
        }
    }

    std::mt19937 random_;
    Claims claims_;
    Directory::Target own_[2];
    ClaimStream all_{0};
    Directory directory_;
    PeerClaims peer_{directory_, 1};
    std::deque<OnTheWay> way_;
    std::map<uint64_t, uint64_t> changed_; ///< when, at the latest
};

void what_is_valid_is_true_over_a_channel_that_errs(void **)
{
    for (uint32_t seed = 1; seed <= 400; seed++) {
        Run run(seed);
        run.run(600);
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_is_valid_is_true_over_a_channel_that_errs),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
