// The directory by example, and by seeded random acts against a plain multimap: growth by splitting, shrinking by merging, sweeps between.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "hub/cluster/directory.h"
#include "hub/cluster/fingerprint.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm::cluster;
using Target = Directory::Target;

std::multiset<uint32_t> owners_of(const Directory &directory, uint64_t fp)
{
    std::multiset<uint32_t> owners;
    directory.each(fp, [&](uint32_t owner) { owners.insert(owner); });
    return owners;
}

void sweep_all(Directory &directory)
{
    while (directory.has_garbage())
        directory.sweep();
}

/// All that a walk finds.
std::multiset<uint64_t> copy_all(const Directory &directory)
{
    std::vector<uint64_t> all;
    uint64_t at = 0;
    do {
        assert_true(directory.copy(&at, all));
    } while (at != 0);
    return {all.begin(), all.end()};
}

void a_fingerprint_has_several_targets(void **)
{
    Directory directory;
    assert_false(directory.has(7));
    Target a = directory.open(100), b = directory.open(200);
    assert_true(directory.add(7, a) && directory.add(7, b) && directory.add(7, a) && directory.add(8, b));
    assert_true((owners_of(directory, 7) == std::multiset<uint32_t>{100, 200}));
    assert_int_equal(directory.count(a), 1);
    assert_int_equal(directory.count(b), 2);
    assert_int_equal(directory.digest(b), digest_of(7) ^ digest_of(8));
    directory.remove(7, a);
    directory.remove(7, a);
    directory.remove(9, b);
    assert_true(owners_of(directory, 7) == std::multiset<uint32_t>{200});
    assert_false(directory.is_claimed(7, a));
    assert_true(directory.is_claimed(7, b));
    assert_int_equal(directory.digest(a), 0);
    assert_int_equal(directory.size(), 2);
}

void a_closed_target_claims_nothing_and_its_number_is_used_again_after_the_sweep(void **)
{
    Directory directory;
    Target a = directory.open(1), b = directory.open(2);
    assert_true(directory.add(7, a) && directory.add(7, b));
    directory.close(a);
    assert_true(owners_of(directory, 7) == std::multiset<uint32_t>{2});
    Target c = directory.open(3);
    assert_int_not_equal(c, a);
    sweep_all(directory);
    assert_int_equal(directory.size(), 1);
    assert_int_equal(directory.open(4), a);
    assert_int_equal(directory.count(a), 0);
    directory.close(a); // has nothing: free at once
    assert_false(directory.has_garbage());
    assert_int_equal(directory.open(5), a);
}

void targets_have_a_limit(void **)
{
    Directory directory;
    for (uint32_t owner = 0; owner < Directory::kMaxTargets; owner++)
        assert_int_not_equal(directory.open(owner), Directory::kNoTarget);
    assert_int_equal(directory.open(0), Directory::kNoTarget);
    // One name that all of them have is a chain of 683 buckets; others are found beside it.
    for (Target target = 0; target < Directory::kMaxTargets; target++)
        assert_true(directory.add(7, target) && directory.add(1000u + target, target));
    assert_int_equal(owners_of(directory, 7).size(), Directory::kMaxTargets);
    for (Target target = 0; target < Directory::kMaxTargets; target++) {
        directory.remove(7, target);
        assert_true(owners_of(directory, 1000u + target) == std::multiset<uint32_t>{target});
    }
    assert_false(directory.has(7));
}

/// The set of names that some target has, by what is told.
class Union final : public DirectoryEvents {
public:
    void first_claimed(uint64_t fp) override { assert_true(names.insert(fp).second); }
    void last_removed(uint64_t fp) override { assert_int_equal(names.erase(fp), 1); }
    std::set<uint64_t> names;
};

/// What a directory should be.
class Model {
public:
    explicit Model(uint32_t seed) : random_(seed), directory_(&told_)
    {
        for (uint32_t owner = 0; owner < kTargets; owner++)
            targets_.push_back(directory_.open(owner));
    }

    void act(uint64_t names, uint32_t add_percent)
    {
        uint64_t fp = 1 + random_() % names;
        auto owner = static_cast<uint32_t>(random_() % kTargets);
        bool has = claims_.contains({fp, owner});
        assert_true(directory_.is_claimed(fp, targets_[owner]) == has);
        if (random_() % 100 < add_percent) {
            assert_true(directory_.add(fp, targets_[owner]));
            if (!has)
                insert(fp, owner);
        } else {
            directory_.remove(fp, targets_[owner]);
            if (has)
                erase(fp, owner);
        }
    }

    /// A target ends, and its owner has a new one.
    void replace()
    {
        auto owner = static_cast<uint32_t>(random_() % kTargets);
        directory_.close(targets_[owner]);
        for (auto it = claims_.begin(); it != claims_.end();)
            it = it->second == owner ? claims_.erase(it) : std::next(it);
        counts_[owner] = digests_[owner] = 0;
        targets_[owner] = directory_.open(owner);
        assert_int_not_equal(targets_[owner], Directory::kNoTarget);
    }

    void sweep() { directory_.sweep(); }

    void check()
    {
        sweep_all(directory_);
        std::set<uint64_t> names;
        std::multiset<uint64_t> entries;
        for (auto [fp, owner] : claims_) {
            names.insert(fp);
            entries.insert(fp);
        }
        assert_true(told_.names == names);
        assert_true(copy_all(directory_) == entries);
        assert_int_equal(directory_.size(), claims_.size());
        for (uint32_t owner = 0; owner < kTargets; owner++) {
            assert_int_equal(directory_.count(targets_[owner]), counts_[owner]);
            assert_int_equal(directory_.digest(targets_[owner]), digests_[owner]);
        }
        auto it = claims_.begin();
        while (it != claims_.end()) {
            std::multiset<uint32_t> owners;
            uint64_t fp = it->first;
            for (; it != claims_.end() && it->first == fp; ++it)
                owners.insert(it->second);
            assert_true(owners_of(directory_, fp) == owners);
        }
    }

    size_t size() const { return claims_.size(); }

private:
    static constexpr uint32_t kTargets = 5;

    void insert(uint64_t fp, uint32_t owner)
    {
        claims_.insert({fp, owner});
        counts_[owner]++;
        digests_[owner] ^= digest_of(fp);
    }
    void erase(uint64_t fp, uint32_t owner)
    {
        claims_.erase({fp, owner});
        counts_[owner]--;
        digests_[owner] ^= digest_of(fp);
    }

    std::mt19937 random_;
    Union told_;
    Directory directory_;
    std::vector<Target> targets_;
    std::set<std::pair<uint64_t, uint32_t>> claims_;
    uint64_t counts_[kTargets] = {};
    uint64_t digests_[kTargets] = {};
};

void random_acts_agree_with_a_model(void **)
{
    for (uint32_t seed = 1; seed <= 20; seed++) {
        Model model(seed);
        for (uint32_t phase = 0; phase < 6; phase++) {
            for (uint32_t i = 0; i < 4000; i++) {
                model.act(seed % 2 ? 300 : 5000, phase % 2 ? 20 : 80);
                if (i % 700 == 99)
                    model.replace();
                if (i % 50 == 0)
                    model.sweep();
            }
            model.check();
        }
    }
}

/// Enough for several segments, and back to none.
void grows_by_segments_and_shrinks_again(void **)
{
    Model model(7);
    for (uint32_t round = 0; round < 2; round++) {
        while (model.size() < 90'000)
            model.act(60'000, 95);
        model.check();
        for (uint32_t i = 0; i < 3; i++)
            model.replace();
        model.check();
        while (model.size() > 5000)
            model.act(60'000, 0);
        model.check();
    }
}

void memory_comes_back_with_a_sweep(void **)
{
    Directory directory;
    Target stays = directory.open(1), ends = directory.open(2);
    for (uint64_t fp = 1; fp <= 300'000; fp++)
        assert_true(directory.add(fp, fp % 10 ? ends : stays));
    assert_in_range(directory.memory(), 300'000 * 12, 300'000 * 25);
    directory.close(ends);
    sweep_all(directory);
    assert_int_equal(directory.count(stays), 30'000);
    assert_in_range(directory.memory(), 30'000 * 12, 30'000 * 50);
    directory.close(stays);
    sweep_all(directory);
    assert_in_range(directory.memory(), 0, 64);
}

/// Whatever changes beside it: names that stay are found, also when segments split and merge between the steps of the walk.
void a_walk_meets_all_that_stay(void **)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        Directory directory;
        Target target = directory.open(1);
        constexpr uint64_t kStay = 30'000, kOthers = 100'000;
        for (uint64_t fp = 1; fp <= kStay; fp++)
            assert_true(directory.add(fp, target));
        bool others_first = seed % 2;
        for (uint64_t fp = 1; others_first && fp <= kOthers; fp++)
            assert_true(directory.add(kStay + fp, target));
        std::vector<uint64_t> all;
        uint64_t at = 0, other = 1;
        do {
            assert_true(directory.copy(&at, all));
            for (uint64_t i = 0; i < 20'000 && other <= kOthers; i++, other++)
                if (others_first)
                    directory.remove(kStay + other, target);
                else
                    assert_true(directory.add(kStay + other, target));
        } while (at != 0);
        std::set<uint64_t> met(all.begin(), all.end());
        for (uint64_t fp = 1; fp <= kStay; fp++)
            assert_true(met.contains(fp));
    }
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fingerprint_has_several_targets),
        cmocka_unit_test(a_closed_target_claims_nothing_and_its_number_is_used_again_after_the_sweep),
        cmocka_unit_test(targets_have_a_limit),
        cmocka_unit_test(random_acts_agree_with_a_model),
        cmocka_unit_test(grows_by_segments_and_shrinks_again),
        cmocka_unit_test(memory_comes_back_with_a_sweep),
        cmocka_unit_test(a_walk_meets_all_that_stay),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
