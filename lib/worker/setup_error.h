/**
 * @file
 * The first failed call of a host that sets its app up. A host that ignores results would serve otherwise than it was written to, so the
 * start fails with it, unless the host has read its detail or done it right later. The app's thread; owned by the app.
 */
#ifndef WM_WORKER_SETUP_ERROR_H
#define WM_WORKER_SETUP_ERROR_H

#include <cstdint>

namespace wm {

/// A call of the host. The object and the option are those of a call that sets one, else nullptr.
struct SetupCall {
    const char *function;
    const void *object = nullptr;
    const char *option = nullptr;
};

class SetupError {
public:
    /// The result of a call. Below 0 with the detail that is this thread's last error: the first such call counts. A success makes up for a
    /// failure to set the same option.
    void note(const SetupCall &call, int result);
    /// The host reads this thread's last error.
    void read();
    /// 0, or the code with the detail. The host may read that one instead.
    int report();

private:
    int code_ = 0; ///< 0: there is none
    uint32_t number_ = 0;
    const void *object_ = nullptr;
    char option_[64] = "";
    char text_[512] = "";
};

} // namespace wm

#endif
