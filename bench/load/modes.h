/**
 * @file
 * The modes, in mode_*.cpp. Each returns the exit code: 0 success, 1 faults, 2 a load that is impossible.
 */
#ifndef WM_LOAD_MODES_H
#define WM_LOAD_MODES_H

#include "options.h"

namespace wm::load {

int run_echo(const Options &options);
int run_text(const Options &options);
int run_frame(const Options &options);
int run_udp(const Options &options);
int run_ws(const Options &options);
int run_http(const Options &options);
int run_push(const Options &options);
int run_broadcast(const Options &options);
int run_churn(const Options &options);
int run_idle(const Options &options);
int run_handshakes(const Options &options);

} // namespace wm::load

#endif
