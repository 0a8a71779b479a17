/**
 * @file
 * Numbers in texts. Independent of the locale, unlike printf: the host may have set one with a decimal comma.
 * Pure.
 */
#ifndef WM_PROCESS_REPORT_DECIMAL_H
#define WM_PROCESS_REPORT_DECIMAL_H

#include <cstdint>
#include <string>

namespace wm {

/// 0.214, 2: "0.21". "-" if it is not finite.
std::string decimal(double value, int digits);

/// Milliseconds as "12.3s".
std::string seconds(int64_t ms);

/// "1 process", "4 processes".
std::string counted(uint64_t count, const char *one, const char *many);

/// Bytes as "140B", "1.5KB", up to TB, by steps of 1024.
std::string human_size(uint64_t bytes);

} // namespace wm

#endif
