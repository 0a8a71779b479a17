/**
 * @file
 * The output of `connections`: records that the children wrote, to a table or to one JSON document, filtered
 * and sorted. Pure.
 */
#ifndef WM_PROCESS_REPORT_CONNECTION_REPORT_H
#define WM_PROCESS_REPORT_CONNECTION_REPORT_H

#include "process/connection_file.h"

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace wm {

inline constexpr int64_t kAnswerMs = 500; ///< a child that takes longer has not answered

/// The answer of one child.
struct ConnectionAnswer {
    pid_t pid = 0;
    std::string worker;
    bool answered = false;
    int64_t busy_ms = 0; ///< not answered: for how long its callback has been running; 0: unknown
    bool stopped = false;
    std::vector<ConnectionRecord> records;
};

struct ConnectionQuery {
    std::string worker;   ///< empty: all. Records have the first 31 bytes of a name, and only these are compared
    std::string sort;     ///< as CommandLine::sort; empty: by process, then in its order
    std::string uid = {}; ///< empty: all. Records have the first 255 bytes, and only these are compared
};

/// One line for each connection, and one for each child that has not answered. Sorted: the largest number
/// first, texts from a to z; equal lines keep their order. A child without an answer has a pid and a worker
/// only, and is last in other orders.
std::string connections_text(const std::vector<ConnectionAnswer> &answers, const ConnectionQuery &query);
std::string connections_json(const std::vector<ConnectionAnswer> &answers, const ConnectionQuery &query);

} // namespace wm

#endif
