#include "net/tls/ticket_keys.h"

#include "core/random.h"

#include <cstring>

namespace wm {

void TicketKeys::make()
{
    memset(&previous, 0, sizeof previous);
    random_bytes(&current, sizeof current);
}

void TicketKeys::rotate()
{
    previous = current;
    random_bytes(&current, sizeof current);
}

} // namespace wm
