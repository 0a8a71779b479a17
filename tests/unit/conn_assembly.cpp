// Memory of incomplete messages: tails grow, max_assembly_total limits them, and an announced length reserves
// nothing.
#include "shutdown_rig.h"

#include "core/buffer.h"

namespace {

constexpr size_t kMessage = 1 << 20;

/// The header of a masked binary frame of that length, its mask of zeros.
std::string frame_header(size_t len)
{
    std::string header = "\x82\xff";
    for (int shift = 56; shift >= 0; shift -= 8)
        header += static_cast<char>(static_cast<uint64_t>(len) >> shift);
    return header + std::string(4, '\0');
}

size_t tail_capacity(wm_worker *worker)
{
    size_t sum = 0;
    for (const wm::Connection *conn : wm::object(worker)->connections())
        sum += conn->tail ? conn->tail->capacity : 0;
    return sum;
}

void say_all(Rig &rig, Client &client, const std::string &bytes)
{
    for (size_t at = 0; at < bytes.size(); at += 32768) {
        client.say(bytes.substr(at, 32768));
        rig.settle();
    }
}

void a_long_message_reserves_its_length(void **state)
{
    Rig rig(state, "websocket://127.0.0.1:0");
    Client client = websocket_client(rig);
    say_all(rig, client, frame_header(kMessage) + std::string(kMessage / 10 * 9, 'x'));
    size_t capacity = tail_capacity(rig.worker);
    assert_in_range(capacity, kMessage, kMessage + 14);
    say_all(rig, client, std::string(kMessage - kMessage / 10 * 9, 'x'));
    rig.until([&] { return rig.count(WM_EVENT_MESSAGE) == 1; });
    assert_int_equal(rig.nth(WM_EVENT_MESSAGE, 0).data.size(), kMessage);
    rig.settle();
    assert_int_equal(tail_capacity(rig.worker), 0);
}

void what_is_only_announced_reserves_nothing(void **state)
{
    Rig rig(state, "websocket://127.0.0.1:0");
    Client client = websocket_client(rig);
    client.say(frame_header(10 << 20) + "x");
    rig.until([&] { return tail_capacity(rig.worker) > 0; });
    assert_in_range(tail_capacity(rig.worker), 1, 1024);
}

void the_total_holds_as_many_as_fit(void **state)
{
    Rig rig(state, "websocket://127.0.0.1:0");
    assert_int_equal(wm_app_set_int(rig.app, "max_assembly_total", 256 * (kMessage / 10)), 0);
    std::vector<Client> clients;
    for (size_t i = 0; i < 25; i++) {
        clients.push_back(websocket_client(rig));
        say_all(rig, clients.back(), frame_header(kMessage) + std::string(kMessage / 10 * 9, 'x'));
    }
    assert_int_equal(rig.count(WM_EVENT_CLOSE), 0);
    for (Client &client : clients)
        say_all(rig, client, std::string(kMessage - kMessage / 10 * 9, 'x'));
    rig.until([&] { return rig.count(WM_EVENT_MESSAGE) == 25; });
}

} // namespace

int main()
{
    return run_scenarios("assembly", {
                                         {"a long message reserves its length", a_long_message_reserves_its_length},
                                         {"what is only announced reserves nothing", what_is_only_announced_reserves_nothing},
                                         {"the total holds as many as fit", the_total_holds_as_many_as_fit},
                                     });
}
