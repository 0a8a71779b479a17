#include "wm-serve/sub_commands.h"

#include "wm-serve/echo_server.h"
#include "wm-serve/pipe_server.h"
#include "wm-serve/push_server.h"

#include <algorithm>
#include <iterator>

namespace wm::serve {

namespace {

template <class Type> std::unique_ptr<Server> make()
{
    return std::make_unique<Type>();
}

} // namespace

const std::vector<SubCommand> &sub_commands()
{
    static const std::vector<SubCommand> kAll = {
        {"push",
         "Push messages to web pages by uid",
         {},
         R"(Examples:
  wm-serve push start -d
  wm-push uid1 '{"percent":"88%"}'
  wm-serve push --listen websocket://0.0.0.0:1234 --origin https://example.com)",
         make<PushServer>},
        {"pipe",
         "Pass connections on to another address",
         {{"from", "FROM"}, {"to", "TO"}},
         R"(Examples:
  wm-serve pipe tcp://0.0.0.0:8080 tcp://10.0.0.5:80
  wm-serve pipe tcp://127.0.0.1:6379 unix:///run/redis/redis.sock start -d
  wm-serve pipe ssl://0.0.0.0:8443 tcp://127.0.0.1:8080 --tls-cert cert.pem --tls-key key.pem
  wm-serve pipe tcp://127.0.0.1:5432 ssl://db.example.com:5432 --tls-ca ca.pem)",
         make<PipeServer>},
        {"echo",
         "Send back what comes, to try clients out and to load",
         {{"listen", "ADDRESS", true}},
         R"(Examples:
  wm-serve echo tcp://127.0.0.1:7000
  wm-serve echo http://127.0.0.1:8080 websocket://127.0.0.1:8081 text://127.0.0.1:8082)",
         make<EchoServer>},
    };
    return kAll;
}

const SubCommand *find_sub_command(const std::string &name)
{
    for (const SubCommand &each : sub_commands())
        if (name == each.name)
            return &each;
    return nullptr;
}

std::vector<std::string> sub_command_names()
{
    std::vector<std::string> names;
    std::transform(sub_commands().begin(), sub_commands().end(), std::back_inserter(names),
                   [](const SubCommand &each) { return each.name; });
    return names;
}

std::string SubCommand::shown_addresses() const
{
    std::string shown;
    for (const AddressWord &address : addresses)
        shown += (shown.empty() ? "" : " ") + std::string(address.shown) + (address.repeats ? "..." : "");
    return shown;
}

} // namespace wm::serve
