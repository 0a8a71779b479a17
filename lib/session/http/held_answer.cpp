#include "session/http/held_answer.h"

#include "session/http/request_parts.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <unistd.h>

namespace wm {

void HeldAnswer::append(std::string_view more)
{
    if (!more.empty())
        memcpy(reinterpret_cast<char *>(this + 1) + size, more.data(), more.size());
    size += more.size();
}

HeldAnswer *HeldAnswer::resize(HeldAnswer *held, size_t capacity)
{
    void *memory = realloc(held, sizeof(HeldAnswer) + capacity);
    if (!memory)
        return nullptr;
    HeldAnswer *resized = held ? static_cast<HeldAnswer *>(memory) : new (memory) HeldAnswer;
    resized->capacity = capacity;
    return resized;
}

void HeldAnswer::destroy(HeldAnswer *held)
{
    if (held)
        delete held->parts;
    if (held && held->file.fd >= 0)
        close(held->file.fd);
    free(held);
}

} // namespace wm
