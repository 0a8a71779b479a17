/**
 * @file
 * The client of the control socket, for stop, restart, reload, status and connections.
 */
#ifndef WM_PROCESS_COMMAND_CONTROL_CLIENT_H
#define WM_PROCESS_COMMAND_CONTROL_CLIENT_H

#include "process/answer.h"
#include "process/command/command_line.h"
#include "process/instance.h"

namespace wm {

/// Sends a command to the running master and prints the answer; returns the exit code.
int ask_master(const Instance &instance, const CommandLine &line);

} // namespace wm

#endif
