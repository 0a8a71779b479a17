/**
 * @file
 * What `status` shows of a cluster. A pure function.
 */
#ifndef WM_HUB_CLUSTER_REPORT_H
#define WM_HUB_CLUSTER_REPORT_H

#include "hub/cluster/facts.h"
#include "hub/router/router.h"
#include "worker/service_report.h"

namespace wm {

/// Throws bad_alloc.
ServiceReport cluster_report(const cluster::ClusterFacts &facts, const router::Router &router);

} // namespace wm

#endif
