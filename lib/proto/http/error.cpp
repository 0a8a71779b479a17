#include "proto/http/error.h"

#include <cstddef>

namespace wm::http {

namespace {

constexpr Failure kFailures[] = {
#define WM_HTTP_FAULT_ROW(name, status, text) {status, text},
    WM_HTTP_FAULTS(WM_HTTP_FAULT_ROW)
#undef WM_HTTP_FAULT_ROW
};

} // namespace

const Failure &failure_of(Fault fault)
{
    return kFailures[static_cast<size_t>(fault)];
}

Fault field_name_fault(char c, bool first)
{
    if (c == '\n')
        return Fault::kBareLf;
    if (c == ' ' || c == '\t')
        return first ? Fault::kFieldFolded : Fault::kFieldNameSpace;
    return Fault::kFieldName;
}

} // namespace wm::http
