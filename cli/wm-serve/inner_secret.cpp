#include "wm-serve/inner_secret.h"

#include "shared/inner_proof.h"

#include <algorithm>
#include <strings.h>

namespace wm::serve {

std::string InnerSecret::load(const std::string &path)
{
    if (path.empty())
        return "";
    std::string wrong = read_inner_secret(path, text_);
    return wrong.empty() ? "" : "--inner-secret-file " + path + ": " + wrong;
}

bool InnerSecret::is_bearer(std::string_view field) const
{
    constexpr std::string_view kScheme = "Bearer "; // in any case (RFC 9110 §11.1)
    if (field.size() < kScheme.size() || strncasecmp(field.data(), kScheme.data(), kScheme.size()) != 0)
        return false;
    field.remove_prefix(std::min(field.find_first_not_of(' ', kScheme.size()), field.size()));
    return given() && equal_in_constant_time(field, text_);
}

} // namespace wm::serve
