#include "worker/setup_error.h"

#include "core/error.h"

#include <cstdio>
#include <cstring>

namespace wm {

void SetupError::note(const SetupCall &call, int result)
{
    if (result >= 0 && code_ != 0 && call.option && call.object == object_ && strncmp(call.option, option_, sizeof option_ - 1) == 0)
        code_ = 0;
    if (result >= 0 || code_ != 0)
        return;
    code_ = result;
    number_ = error_number();
    object_ = call.object;
    snprintf(option_, sizeof option_, "%s", call.option ? call.option : "");
    snprintf(text_, sizeof text_, "%s has failed: %s", call.function, last_error());
}

void SetupError::read()
{
    if (number_ == error_number())
        code_ = 0;
}

int SetupError::report()
{
    if (code_ == 0)
        return 0;
    fail(code_, "%s", text_);
    number_ = error_number();
    return code_;
}

} // namespace wm
