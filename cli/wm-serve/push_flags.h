/**
 * @file
 * The settings of `wm-serve push`, each defined once.
 */
#ifndef WM_SERVE_PUSH_FLAGS_H
#define WM_SERVE_PUSH_FLAGS_H

namespace CLI {
class App;
}

namespace wm::serve {

struct PushOptions;

/// Adds a flag for each setting.
void add_push_flags(CLI::App &push, PushOptions &options);

} // namespace wm::serve

#endif
