/**
 * @file
 * Shared memory with a status page for each child that can live at a time. The master assigns and reads
 * pages; a child writes its own.
 */
#ifndef WM_PROCESS_MASTER_STATUS_PAGES_H
#define WM_PROCESS_MASTER_STATUS_PAGES_H

#include "core/fd.h"
#include "core/status_page.h"
#include "process/report/status_report.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace wm {

class StatusPages {
public:
    StatusPages() = default;
    StatusPages(const StatusPages &) = delete;
    StatusPages &operator=(const StatusPages &) = delete;
    ~StatusPages();

    /// False with errno.
    bool open(size_t count);
    /// In a child of exec: maps a page of the master's memory, never unmapped. nullptr with errno.
    static StatusPage *map(int fd, size_t index);

    /// In a child: closes the descriptor; the mapping stays, for the child's own page.
    void forget()
    {
        fd_.reset();
        memory_ = nullptr;
    }

    int fd() const { return fd_.get(); }
    StatusPage *at(size_t index) const;

    static constexpr size_t kNone = SIZE_MAX;
    /// A cleared page, or kNone.
    size_t acquire();
    void release(size_t index);

    /// Copies a page into the facts of its process.
    void read(size_t index, int64_t now_ms, ProcessFacts &out) const;

private:
    Fd fd_;
    char *memory_ = nullptr;
    size_t count_ = 0;
    std::vector<bool> used_;
};

} // namespace wm

#endif
