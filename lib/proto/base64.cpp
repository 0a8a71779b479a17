#include "proto/base64.h"

#include <cstddef>
#include <openssl/evp.h>

namespace wm {

std::string base64(std::string_view bytes)
{
    std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0'); // EVP_EncodeBlock ends with NUL
    EVP_EncodeBlock(reinterpret_cast<unsigned char *>(out.data()), reinterpret_cast<const unsigned char *>(bytes.data()),
                    static_cast<int>(bytes.size()));
    out.pop_back();
    return out;
}

} // namespace wm
