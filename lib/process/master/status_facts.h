/**
 * @file
 * Collects the facts of `status` from the children's pages and the kernel; no child is asked. The master's
 * thread.
 */
#ifndef WM_PROCESS_MASTER_STATUS_FACTS_H
#define WM_PROCESS_MASTER_STATUS_FACTS_H

#include "process/master/children.h"
#include "process/report/status_report.h"

namespace wm {

/// All facts but those of the master itself: name, loop, mode, start, exits.
StatusFacts collect_facts(Children &children, int64_t now_ms);

} // namespace wm

#endif
