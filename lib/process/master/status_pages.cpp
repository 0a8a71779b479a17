#include "process/master/status_pages.h"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <sys/mman.h>
#include <thread>

namespace wm {

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr int kTries = 100;

struct RowCopy {
    RowState state;
    uint32_t connections;
    uint64_t requests;
    uint64_t shed;
    SlowFacts slow;
    char name[StatusRow::kName];
    char address[StatusRow::kAddress];
};

/// Copies the rows, again if the child changes their texts meanwhile. A child that died while it did leaves
/// the last copy.
uint32_t copy_rows(const StatusPage &page, RowCopy *out)
{
    uint32_t rows = 0;
    for (int i = 0; i < kTries; i++) {
        uint32_t before = page.version.load(std::memory_order_acquire);
        rows = std::min<uint32_t>(page.rows.load(kRelaxed), StatusPage::kRows);
        for (uint32_t row = 0; row < rows; row++) {
            const StatusRow &from = page.row[row];
            out[row].state = from.state.load(kRelaxed);
            out[row].connections = from.connections.load(kRelaxed);
            out[row].requests = from.requests.load(kRelaxed);
            out[row].shed = from.shed.load(kRelaxed);
            out[row].slow = {from.dropped.load(kRelaxed), from.replaced.load(kRelaxed), from.slow_closed.load(kRelaxed)};
            memcpy(out[row].name, from.name, sizeof from.name);
            memcpy(out[row].address, from.address, sizeof from.address);
        }
        std::atomic_thread_fence(std::memory_order_acquire);
        if (!(before & 1) && page.version.load(kRelaxed) == before)
            break;
        std::this_thread::yield();
    }
    return rows;
}

} // namespace

StatusPages::~StatusPages()
{
    if (memory_)
        munmap(memory_, count_ * StatusPage::kSize);
}

bool StatusPages::open(size_t count)
{
    fd_.reset(memfd_create("wm-status", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd_ || ftruncate(fd_.get(), static_cast<off_t>(count * StatusPage::kSize)) != 0)
        return false;
    // A child of exec has the descriptor: if it truncated the file, the master would die of SIGBUS.
    if (fcntl(fd_.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        return false;
    void *memory = mmap(nullptr, count * StatusPage::kSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
    if (memory == MAP_FAILED)
        return false;
    memory_ = static_cast<char *>(memory);
    count_ = count;
    used_.assign(count, false);
    return true;
}

StatusPage *StatusPages::map(int fd, size_t index)
{
    void *memory = mmap(nullptr, StatusPage::kSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, static_cast<off_t>(index * StatusPage::kSize));
    return memory == MAP_FAILED ? nullptr : static_cast<StatusPage *>(memory);
}

StatusPage *StatusPages::at(size_t index) const
{
    return reinterpret_cast<StatusPage *>(memory_ + index * StatusPage::kSize);
}

size_t StatusPages::acquire()
{
    auto found = std::find(used_.begin(), used_.end(), false);
    if (found == used_.end())
        return kNone;
    *found = true;
    size_t index = static_cast<size_t>(found - used_.begin());
    memset(memory_ + index * StatusPage::kSize, 0, StatusPage::kSize);
    StatusPage *page = new (memory_ + index * StatusPage::kSize) StatusPage;
    page->state.store(PageState::kStarting, kRelaxed);
    return index;
}

void StatusPages::release(size_t index)
{
    used_[index] = false;
}

void StatusPages::read(size_t index, int64_t now_ms, ProcessFacts &out) const
{
    const StatusPage &page = *at(index);
    int64_t since = page.dispatching_since_ms.load(kRelaxed);
    out.state = page.state.load(kRelaxed);
    out.busy_ms = since > 0 && now_ms > since ? now_ms - since : 0;
    out.connections = page.connections.load(kRelaxed);
    out.send_fail = page.send_fail.load(kRelaxed);
    out.timers = page.timers.load(kRelaxed);
    out.requests = page.requests.load(kRelaxed);
    out.qps = requests_per_second(page.second.load(kRelaxed), page.in_second.load(kRelaxed), page.in_second_before.load(kRelaxed), now_ms);
    out.workers = page.workers.load(kRelaxed);
    const PeerFigures &peers = page.peers;
    out.hub = {peers.processes.load(kRelaxed), peers.joined.load(kRelaxed),   peers.outstanding.load(kRelaxed),
               peers.requests.load(kRelaxed),  peers.suspects.load(kRelaxed), peers.resyncs.load(kRelaxed)};
    RowCopy rows[StatusPage::kRows];
    uint32_t count = copy_rows(page, rows);
    out.listeners.clear();
    for (uint32_t i = 0; i < count; i++) {
        rows[i].name[StatusRow::kName - 1] = rows[i].address[StatusRow::kAddress - 1] = '\0';
        const RowCopy &row = rows[i];
        out.listeners.push_back({row.name, row.address, row.state, row.connections, row.requests, row.shed, row.slow});
    }
}

} // namespace wm
