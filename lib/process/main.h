/**
 * @file
 * wm_app_main: parses the command line and runs its command.
 */
#ifndef WM_PROCESS_MAIN_H
#define WM_PROCESS_MAIN_H

namespace wm {

class App;

/// An exit code, or WM_CHILD; does not return in a child whose host does not pull.
int process_main(App &app, int argc, char **argv);
/// Runs a service of the app in a program of its own, which a master has started; the exit code.
int helper_main(App &app);

} // namespace wm

#endif
