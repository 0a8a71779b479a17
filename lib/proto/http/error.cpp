#include "proto/http/error.h"

#include <cstddef>

namespace wm::http {

namespace {

constexpr Failure kFailures[] = {
#define WM_HTTP_ERROR_ROW(name, status, text) {status, text},
    WM_HTTP_ERROR_LIST(WM_HTTP_ERROR_ROW)
#undef WM_HTTP_ERROR_ROW
};

} // namespace

const Failure &failure_of(Error error)
{
    return kFailures[static_cast<size_t>(error)];
}

Error field_name_error(char c, bool first)
{
    if (c == '\n')
        return Error::kBareLf;
    if (c == ' ' || c == '\t')
        return first ? Error::kFieldFolded : Error::kFieldNameSpace;
    return Error::kFieldName;
}

} // namespace wm::http
