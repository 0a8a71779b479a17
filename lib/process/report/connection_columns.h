/**
 * @file
 * The columns of `connections` in their order: as the listing heads them and as --sort takes them. A
 * constant.
 */
#ifndef WM_PROCESS_REPORT_CONNECTION_COLUMNS_H
#define WM_PROCESS_REPORT_CONNECTION_COLUMNS_H

namespace wm {

inline constexpr const char *kConnectionTitles[] = {"PID",     "Worker", "CID",           "Trans",           "Protocol",
                                                    "ipv4",    "ipv6",   "Recv-Q",        "Send-Q",          "Bytes-R",
                                                    "Bytes-W", "Status", "Local Address", "Foreign Address", "Uid"};

inline constexpr const char *kConnectionSorts[] = {"pid",    "worker",  "cid",     "trans",  "protocol", "ipv4",    "ipv6", "recv-q",
                                                   "send-q", "bytes-r", "bytes-w", "status", "local",    "foreign", "uid"};

} // namespace wm

#endif
