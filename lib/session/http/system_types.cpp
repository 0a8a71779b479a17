#include "session/http/system_types.h"

#include "core/fd.h"
#include "proto/http/media_types.h"

#include <fcntl.h>
#include <new>
#include <string>
#include <unistd.h>

namespace wm {

namespace {

constexpr const char *kTable = "/etc/mime.types"; // Debian's package media-types; other systems have the same file
constexpr size_t kMaxTable = 1 << 20;             // bytes; ten times what it has

/// The first kMaxTable bytes of a file; empty if there is none.
std::string read_table()
{
    Fd file(::open(kTable, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    std::string text(file ? kMaxTable : 0, '\0');
    size_t size = 0;
    while (size < text.size()) {
        ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
        if (got <= 0)
            break;
        size += static_cast<size_t>(got);
    }
    text.resize(size);
    return text;
}

/// nullptr when out of memory; the next call tries again.
const http::MediaTypes *system_types()
{
    try {
        static const http::MediaTypes kTypes(read_table());
        return &kTypes;
    } catch (const std::bad_alloc &) {
        return nullptr;
    }
}

} // namespace

const char *type_of_extension(std::string_view extension)
{
    if (extension.empty() || extension.size() > http::kMaxExtension)
        return nullptr;
    const http::MediaTypes *types = system_types();
    const char *found = types ? types->find(extension) : nullptr;
    return found ? found : http::common_type(extension);
}

} // namespace wm
