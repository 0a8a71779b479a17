/**
 * @file
 * The report of a run, as text or as one JSON object.
 */
#ifndef WM_LOAD_REPORT_H
#define WM_LOAD_REPORT_H

#include <cstdint>
#include <string>

#include "histogram.h"
#include "options.h"
#include "tally.h"

namespace wm::load {

/// A loaded run. Messages are those of the measured part that were answered (push: that arrived); faults are those of the whole run.
struct Report {
    uint64_t messages = 0;
    uint64_t elapsed_ns = 0;
    Histogram latency;
    bool server_known = false;
    const char *server_source = "";
    uint64_t server_ns = 0; ///< processor time of the server in the measured part
    uint64_t client_ns = 0; ///< of the generator
    std::string tls;        ///< version and cipher of the connections; empty: plain
    Tally tally;
};

void print_report(const Options &options, const Report &report);

/// The faults, as a JSON object or as a line of text. For modes with a report of their own.
void print_faults(const Tally &tally, bool json);

/// Nanoseconds of processor time that the generator has used.
uint64_t own_processor_ns();

} // namespace wm::load

#endif
