// What it costs machines to tell each other of their names, without an engine between them: ten that start at once, each with 100 000
// names, and 100 000 binds in one of them within a second. Processor's time, messages and bytes.
#include "../../tests/unit/cluster_rig.h"

#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string>

namespace {

using namespace cluster_rig;

constexpr uint64_t kNodes = 10;
constexpr int kNames = 100'000;
constexpr uint64_t kFirst = uint64_t{1} << 63;

double processor_ms()
{
    timespec time = {};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

/// Each asks for a name that none has: whether all answer without asking another one.
bool all_know(Cluster &cluster)
{
    bool know = true;
    for (auto &node : cluster.nodes)
        know = node->ask(1) && node->answers[1].verdict() == wm::router::Verdict::kOffline && know;
    cluster.pump();
    return know;
}

struct Cost {
    explicit Cost(Cluster &cluster) : cluster_(cluster), from_ms_(cluster.now), messages_(cluster.messages), bytes_(cluster.bytes) {}
    void print(const char *what) const
    {
        printf("%-34s %6lld ms by the clock, %7.1f ms of a processor, %6llu messages, %8.2f MB\n", what,
               static_cast<long long>(cluster_.now - from_ms_), processor_ms() - from_,
               static_cast<unsigned long long>(cluster_.messages - messages_), static_cast<double>(cluster_.bytes - bytes_) / 1e6);
    }

private:
    const Cluster &cluster_;
    int64_t from_ms_;
    uint64_t messages_, bytes_;
    double from_ = processor_ms();
};

} // namespace

int main()
{
    Cluster cluster;
    cluster.keeps = false;
    for (uint64_t i = 0; i < kNodes; i++) {
        Node &node = cluster.add(kFirst + i);
        node.knows = true;
        for (int name = 0; name < kNames; name++)
            node.bind("user " + std::to_string(i) + " " + std::to_string(name));
    }
    Cost start(cluster);
    for (auto &node : cluster.nodes)
        cluster.connect(*node);
    while (!all_know(cluster))
        cluster.pass(10);
    start.print("10 machines with 100 000 names each");

    Node &busy = *cluster.nodes[0];
    Cost storm(cluster);
    for (int ms = 0; ms < 1000; ms++) {
        for (int i = 0; i < kNames / 1000; i++)
            busy.bind("late " + std::to_string(ms) + " " + std::to_string(i));
        cluster.pass(1);
    }
    storm.print("100 000 binds in one, in a second");

    Cost burst(cluster);
    for (int i = 0; i < kNames; i++)
        busy.bind("last " + std::to_string(i));
    while (!all_know(cluster))
        cluster.pass(1);
    burst.print("100 000 binds in one, in a turn");

    Cost idle(cluster);
    cluster.pass(10'000);
    idle.print("at rest, 10 s");
    return 0;
}
