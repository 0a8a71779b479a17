// wm-load: the load generator. It speaks the protocols itself, so that an error of the library cannot hide behind the same error here.

#include "modes.h"

int main(int argc, char **argv)
{
    using namespace wm::load;
    Options options = parse_options(argc, argv);
    switch (options.mode) {
    case Mode::kEcho:
        return run_echo(options);
    case Mode::kText:
        return run_text(options);
    case Mode::kFrame:
        return run_frame(options);
    case Mode::kUdp:
        return run_udp(options);
    case Mode::kWs:
        return run_ws(options);
    case Mode::kHttp:
        return run_http(options);
    case Mode::kPush:
        return run_push(options);
    case Mode::kBroadcast:
        return run_broadcast(options);
    case Mode::kChurn:
        return run_churn(options);
    case Mode::kIdle:
        return run_idle(options);
    case Mode::kHandshakes:
        return run_handshakes(options);
    }
    return 2;
}
