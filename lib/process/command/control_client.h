/**
 * @file
 * The asking side of the control socket: what stop, restart, reload, status and connections do.
 */
#ifndef WM_PROCESS_COMMAND_CONTROL_CLIENT_H
#define WM_PROCESS_COMMAND_CONTROL_CLIENT_H

#include "process/answer.h"
#include "process/command/command_line.h"
#include "process/instance.h"

namespace wm {

/// Carries out a command by asking the master that runs; prints what it answers.
int ask_master(const Instance &instance, const CommandLine &line);

} // namespace wm

#endif
