#include "core/error.h"

#include <cerrno>
#include <cstdarg>
#include <cstdio>

namespace wm {

namespace {
thread_local char last_text[512];
thread_local uint32_t errors;
} // namespace

int fail(int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(last_text, sizeof last_text, format, arguments);
    va_end(arguments);
    errors++;
    return code;
}

int code_of_errno(int number)
{
    switch (number) {
    case EADDRINUSE:
        return WM_EADDRINUSE;
    case EADDRNOTAVAIL:
        return WM_EADDRNOTAVAIL;
    case EACCES:
    case EPERM:
    case EROFS:
        return WM_EACCES;
    case EMFILE:
    case ENFILE:
        return WM_EMFILE;
    case ENOMEM:
    case ENOBUFS:
        return WM_ENOMEM;
    case ECONNREFUSED:
        return WM_ECONNREFUSED;
    case ETIMEDOUT:
        return WM_ETIMEDOUT;
    default:
        return WM_ESYS;
    }
}

const char *last_error()
{
    return last_text;
}

uint32_t error_number()
{
    return errors;
}

} // namespace wm
