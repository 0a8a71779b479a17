#include "core/sha256.h"

#include <memory>
#include <openssl/evp.h>

namespace wm {

bool sha256(std::initializer_list<std::string_view> parts, std::array<unsigned char, 32> &out)
{
    std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX *)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    bool good = context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
    for (std::string_view part : parts)
        good = good && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
    return good && EVP_DigestFinal_ex(context.get(), out.data(), nullptr) == 1;
}

} // namespace wm
