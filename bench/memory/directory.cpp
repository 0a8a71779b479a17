/**
 * @file
 * What the directory of a cluster costs: the processor's time of each operation on a table of 1 M and of 10 M uids that ten machines claim,
 * the longest single call, and what malloc has given away for a uid. Prints a table in Markdown. Arguments: other numbers of uids.
 */
#include "hub/cluster/directory.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <malloc.h>
#include <memory>
#include <vector>

namespace {

using namespace wm::cluster;

constexpr uint32_t kMachines = 10;
constexpr size_t kBatch = 64; ///< names of a batch, all prefetched before the first is looked up

size_t allocated()
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/// Of the processor, so that other programs of the machine count less.
uint64_t now_ns()
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

void need(bool done)
{
    if (done)
        return;
    fputs("bench_directory: something was refused that it measures, or a wrong answer\n", stderr);
    exit(1);
}

/// The fingerprint of a uid by its number; of numbers from `count` on, one that nobody claims.
uint64_t print_of(uint64_t number)
{
    uint64_t fp = (number + 1) * 0x9e3779b97f4a7c15;
    return (fp ^ fp >> 29) * 0xbf58476d1ce4e5b9;
}

class Bench {
public:
    explicit Bench(uint64_t count) : count_(count), order_(count)
    {
        for (uint64_t i = 0; i < count; i++)
            order_[i] = i;
        for (uint64_t i = count; i > 1; i--)
            std::swap(order_[i - 1], order_[print_of(i) % i]);
        for (uint32_t machine = 0; machine < kMachines; machine++)
            targets_[machine] = directory_.open(machine);
    }

    void run()
    {
        size_t before = allocated();
        each("add", 0, [&](uint64_t uid) { need(directory_.add(print_of(uid), target_of(uid))); });
        say("memory", static_cast<double>(allocated() - before) / static_cast<double>(count_), "bytes");
        longest("add, the longest call", [&](uint64_t uid) {
            directory_.remove(print_of(uid), target_of(uid));
            need(directory_.add(print_of(uid), target_of(uid)));
        });
        each("look up: a hit", 0, [&](uint64_t uid) { found_ += holders(uid); });
        need(found_ == count_);
        each("look up: a miss", count_, [&](uint64_t uid) { found_ += holders(uid); });
        need(found_ == count_);
        in_batches("look up: a hit, prefetched", [&](uint64_t uid) { found_ += holders(uid); });
        auto move = [&](uint64_t uid) {
            directory_.remove(print_of(uid), target_of(uid));
            need(directory_.add(print_of(uid), target_of(uid)));
        };
        each("remove and add", 0, move);
        in_batches("remove and add, prefetched", move);
        measure_growth();
        measure_sweep(before);
    }

private:
    Directory::Target target_of(uint64_t uid) const { return targets_[uid % kMachines]; }
    uint64_t holders(uint64_t uid) const
    {
        uint64_t holders = 0;
        directory_.each(print_of(uid), [&](uint32_t) { holders++; });
        return holders;
    }
    void say(const char *what, double figure, const char *unit) const
    {
        printf("| %llu | %s | %.1f %s |\n", static_cast<unsigned long long>(count_), what, figure, unit);
        fflush(stdout);
    }

    /// Calls act(uid) for each uid, in a random order, and prints the time of one.
    template <class Act> void each(const char *what, uint64_t from, Act act)
    {
        uint64_t begin = now_ns();
        for (uint64_t i : order_)
            act(from + i);
        say(what, static_cast<double>(now_ns() - begin) / static_cast<double>(count_), "ns");
    }

    template <class Act> void longest(const char *what, Act act)
    {
        uint64_t longest_ns = 0, begin = now_ns();
        for (uint64_t i = 0; i < std::min<uint64_t>(count_, 1'000'000); i++) {
            act(order_[i]);
            uint64_t end = now_ns();
            longest_ns = std::max(longest_ns, end - begin);
            begin = end;
        }
        say(what, static_cast<double>(longest_ns) / 1000, "us");
    }

    /// As the names of a record come: all of them prefetched before the first is dealt with.
    template <class Act> void in_batches(const char *what, Act act)
    {
        uint64_t begin = now_ns();
        for (size_t at = 0; at + kBatch <= order_.size(); at += kBatch) {
            for (size_t i = at; i < at + kBatch; i++)
                directory_.prefetch(print_of(order_[i]));
            for (size_t i = at; i < at + kBatch; i++)
                act(order_[i]);
        }
        say(what, static_cast<double>(now_ns() - begin) / static_cast<double>(order_.size() / kBatch * kBatch), "ns");
    }

    /// Another directory, filled with a look at the clock at each step.
    void measure_growth()
    {
        auto grown = std::make_unique<Directory>();
        Directory::Target target = grown->open(0);
        uint64_t longest_ns = 0, slow_ns = 0, begin = now_ns();
        for (uint64_t uid : order_) {
            need(grown->add(print_of(uid), target));
            uint64_t end = now_ns();
            longest_ns = std::max(longest_ns, end - begin);
            slow_ns += end - begin > 20'000 ? end - begin : 0;
            begin = end;
        }
        say("grow to that size: the longest add", static_cast<double>(longest_ns) / 1000, "us");
        say("grow to that size: all adds over 20 us", static_cast<double>(slow_ns) / 1'000'000, "ms");
    }

    void measure_sweep(size_t before)
    {
        uint64_t begin = now_ns(), longest_ns = 0, last = begin;
        directory_.close(targets_[0]);
        while (directory_.has_garbage()) {
            directory_.sweep();
            uint64_t end = now_ns();
            longest_ns = std::max(longest_ns, end - last);
            last = end;
        }
        say("sweep of a machine with a tenth", static_cast<double>(now_ns() - begin) / 1'000'000, "ms");
        say("sweep of a machine with a tenth: the longest call", static_cast<double>(longest_ns) / 1000, "us");
        for (uint32_t machine = 1; machine < kMachines; machine++)
            directory_.close(targets_[machine]);
        while (directory_.has_garbage())
            directory_.sweep();
        need(directory_.size() == 0);
        say("memory that is left when all were swept", static_cast<double>(allocated() - before), "bytes");
    }

    uint64_t count_;
    std::vector<uint64_t> order_;
    Directory directory_;
    Directory::Target targets_[kMachines];
    uint64_t found_ = 0;
};

} // namespace

int main(int argc, char **argv)
{
    std::vector<uint64_t> counts = {1'000'000, 10'000'000};
    if (argc > 1)
        counts.clear();
    for (int i = 1; i < argc; i++)
        counts.push_back(strtoull(argv[i], nullptr, 10));
    puts("| uids | what | figure |\n|---|---|---|");
    for (uint64_t count : counts) {
        if (count == 0) {
            fputs("bench_directory: each argument is a number of uids, from 1 on\n", stderr);
            return 2;
        }
        std::make_unique<Bench>(count)->run();
    }
}
