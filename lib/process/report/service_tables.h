/**
 * @file
 * The tables of a service (ServiceReport) in the output of `status`. Pure.
 */
#ifndef WM_PROCESS_REPORT_SERVICE_TABLES_H
#define WM_PROCESS_REPORT_SERVICE_TABLES_H

#include "worker/service_report.h"

#include <string>

namespace wm {

class JsonText;

/// Each table with rows, below its titles. Values that are not known are "-".
void append_tables(std::string &out, const ServiceReport &report);

/// An object with a member for each table.
void json_tables(JsonText &json, const ServiceReport &report);

} // namespace wm

#endif
