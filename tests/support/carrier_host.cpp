/**
 * @file
 * A program with one carrier, for tests of engines, real and false.
 *
 *   carrier_host URL NODE [CLUSTER [CA_FILE]]     NODE in hexadecimal; ENGINE_USER and ENGINE_PASSWORD in the environment
 *
 * Says a line for each event: `up`, `down`, `got TEXT`, or `got SIZE HASH` of a message of more than 100 bytes; and for each command:
 *
 *   send TO TEXT     TO in hexadecimal, 0: all. `sent` or `not sent`
 *   fill TO SIZE     the same, of a message of that size
 *   reset WHY, close, open
 *   facts            `facts ENGINE|ADDRESS|CONNECTS|ERROR`
 *   fault SKIP       an allocation fails, after so many others. `fired`, or `not fired` if the one before has not. Of fault_carrier_host
 *   stop             ends
 */
#include "core/error.h"
#include "fault/fault_points.h"
#include "hub/engine/make_carrier.h"
#include "wm/wm.h"
#include "worker/app.h"
#include "worker/handles.h"

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <unistd.h>

// Of the program that is linked with the fault points.
#pragma weak fault_arm
#pragma weak fault_fired

namespace {

using namespace wm;

constexpr int64_t kStepMs = 2;

uint32_t hash_of(const char *bytes, size_t size)
{
    uint32_t hash = 2166136261U; // FNV-1a
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ static_cast<unsigned char>(bytes[i])) * 16777619U;
    return hash;
}

struct Host final : CarrierEvents {
    void carrier_up() override { puts("up"); }
    void carrier_down() override { puts("down"); }
    void carrier_received(const char *bytes, size_t size) override
    {
        if (size <= 100)
            printf("got %.*s\n", static_cast<int>(size), bytes);
        else
            printf("got %zu %08" PRIx32 "\n", size, hash_of(bytes, size));
    }

    void send(uint64_t to, const std::string &message) { puts(carrier->send(to, message.data(), message.size()) ? "sent" : "not sent"); }

    void facts()
    {
        CarrierFacts facts = carrier->facts();
        printf("facts %s|%s|%" PRIu64 "|%s\n", facts.engine.c_str(), facts.address.c_str(), facts.connects, facts.error.c_str());
    }

    void run(const std::string &line)
    {
        size_t space = line.find(' ');
        std::string verb = line.substr(0, space), rest = space == std::string::npos ? "" : line.substr(space + 1);
        uint64_t to = strtoull(rest.c_str(), nullptr, 16);
        std::string what = rest.substr(rest.find(' ') == std::string::npos ? rest.size() : rest.find(' ') + 1);
        if (verb == "send")
            send(to, what);
        else if (verb == "fill")
            send(to, std::string(strtoull(what.c_str(), nullptr, 10), 'x'));
        else if (verb == "reset")
            carrier->reset(rest.c_str());
        else if (verb == "close")
            carrier->close();
        else if (verb == "open")
            carrier->open();
        else if (verb == "facts")
            facts();
        else if (verb == "fault")
            fault(static_cast<unsigned>(strtoul(rest.c_str(), nullptr, 10)));
        else
            stop();
    }

    static void fault(unsigned skip)
    {
        puts(fault_fired(FAULT_ALLOC) > 0 ? "fired" : "not fired");
        fault_arm(FAULT_ALLOC, skip, 1, 0);
    }

    /// As a service does: before its connections are ended.
    void stop()
    {
        carrier->close();
        wm_app_stop(handle(app));
    }

    static void step(wm_timer, void *self)
    {
        Carrier &carrier = *static_cast<Host *>(self)->carrier;
        if (int64_t now = Loop::clock_ms(); now >= carrier.due_ms())
            carrier.run(now);
    }

    static void readable(wm_watch, int fd, int32_t, void *self)
    {
        Host &host = *static_cast<Host *>(self);
        char bytes[4096];
        ssize_t size = read(fd, bytes, sizeof bytes);
        if (size <= 0)
            return host.stop();
        host.input.append(bytes, static_cast<size_t>(size));
        for (size_t end; (end = host.input.find('\n')) != std::string::npos; host.input.erase(0, end + 1))
            host.run(host.input.substr(0, end));
    }

    App *app = nullptr;
    std::unique_ptr<Carrier> carrier;
    std::string input;
};

} // namespace

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    setvbuf(stdout, nullptr, _IOLBF, 0);
    Host host;
    EngineSettings settings;
    const char *user = getenv("ENGINE_USER"), *password = getenv("ENGINE_PASSWORD");
    settings.url = argv[1];
    settings.node = strtoull(argv[2], nullptr, 16);
    settings.cluster = argc > 3 ? argv[3] : settings.cluster;
    settings.tls_ca_file = argc > 4 ? argv[4] : "";
    settings.user = user ? user : "";
    settings.password = password ? password : "";
    host.app = App::make();
    host.carrier = make_carrier(*host.app, settings, host);
    if (!host.carrier) {
        printf("wrong %s\n", last_error());
        return 1;
    }
    host.carrier->open();
    wm_timer_add(handle(host.app), kStepMs, kStepMs, &Host::step, &host, nullptr);
    wm_watch_add(handle(host.app), STDIN_FILENO, WM_WATCH_READ, &Host::readable, &host, nullptr);
    int result = wm_app_run(handle(host.app));
    host.carrier.reset();
    wm_app_free(handle(host.app));
    return result == 0 ? 0 : 1;
}
