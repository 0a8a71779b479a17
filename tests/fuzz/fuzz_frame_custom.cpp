// Framing that hosts declare, against a reading of the whole stream in plain arithmetic: the same messages however the bytes are cut, and
// a failure at the same place. And the whole stack under an input callback that returns whatever the input says: connections end, the
// process does not, and nothing is delivered beyond what was sent. The first octet selects.
#include "fuzz_check.h"
#include "fuzz_input.h"
#include "proto/frame/delimiter.h"
#include "proto/frame/length_field.h"
#include "wm/wm.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

namespace {

using fuzz::check;
using fuzz::Input;
using wm::Step;
using wm::StepKind;
using wm::framed::LengthField;

// ---- declared framing

struct Reading {
    std::vector<std::string> messages;
    bool failed = false;
};

using Parse = std::function<Step(const char *data, size_t len)>;

void feed(const Parse &parse, std::string &held, std::string_view piece, Reading &reading)
{
    held.append(piece);
    while (!held.empty() && !reading.failed) {
        size_t len = held.size();
        std::unique_ptr<char[]> exact(new char[len]);
        memcpy(exact.get(), held.data(), len);
        Step step = parse(exact.get(), len);
        check(step.size <= len, "a step consumed more than it was given");
        if (step.kind == StepKind::kMore) {
            check(step.need == 0 || step.need > len, "more bytes are needed than there are, and that is not more");
            return;
        }
        reading.failed = step.kind == StepKind::kFail;
        if (!reading.failed)
            reading.messages.push_back(held.substr(0, step.size));
        held.erase(0, step.size);
    }
}

Reading play(std::string_view bytes, size_t distance, const Parse &parse)
{
    Reading reading;
    std::string held;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(distance, bytes.size())))
        feed(parse, held, bytes.substr(0, distance), reading);
    return reading;
}

void compare(std::string_view bytes, size_t distance, const std::function<Parse()> &make, const Reading &expected)
{
    for (size_t each : {std::max<size_t>(bytes.size(), 1), distance, size_t{1}}) {
        Reading got = play(bytes, each, make());
        check(got.failed == expected.failed, "a message is taken that breaks the rules, or one refused that keeps them");
        check(got.messages == expected.messages, "other messages than the stream has");
    }
}

Reading read_lengths(const LengthField &field, std::string_view bytes, int64_t most)
{
    Reading reading;
    while (bytes.size() >= field.header()) {
        __int128 value = 0;
        for (uint32_t i = 0; i < field.size; i++) {
            uint32_t at = field.offset + (field.little ? field.size - 1 - i : i);
            value = value * 256 + static_cast<unsigned char>(bytes[at]);
        }
        __int128 size = value + field.adjust + static_cast<__int128>(field.header());
        reading.failed = size < static_cast<__int128>(field.header()) || size < field.strip || size - field.strip > most;
        if (reading.failed || size > static_cast<__int128>(bytes.size()))
            return reading;
        reading.messages.emplace_back(bytes.substr(0, static_cast<size_t>(size)));
        bytes.remove_prefix(static_cast<size_t>(size));
    }
    return reading;
}

void fuzz_length(Input input)
{
    LengthField field;
    field.offset = input.octet() % 4;
    field.size = 1u << input.octet() % 4;
    field.little = input.octet() % 2;
    field.adjust = static_cast<int8_t>(input.octet());
    field.strip = input.octet() % 8;
    uint64_t most = input.octet();
    size_t distance = 1 + input.octet() % 16;
    auto make = [&] {
        return [&](const char *data, size_t len) {
            wm::framed::LengthError error = {};
            return wm::framed::step(field, data, len, most, error);
        };
    };
    compare(input.rest(), distance, make, read_lengths(field, input.rest(), static_cast<int64_t>(most)));
}

Reading read_delimited(std::string_view delimiter, std::string_view bytes, size_t most)
{
    Reading reading;
    for (;;) {
        size_t end = bytes.find(delimiter);
        // Without a delimiter: failed once none that begins within the limit can come.
        reading.failed = end != std::string_view::npos ? end > most : bytes.size() >= most + delimiter.size();
        if (reading.failed || end == std::string_view::npos)
            return reading;
        reading.messages.emplace_back(bytes.substr(0, end + delimiter.size()));
        bytes.remove_prefix(end + delimiter.size());
    }
}

void fuzz_delimiter(Input input)
{
    std::string delimiter(1 + input.octet() % 4, 'a');
    uint8_t letters = input.octet();
    for (char &letter : delimiter) {
        letter = static_cast<char>('a' + letters % 2);
        letters = static_cast<uint8_t>(letters / 2);
    }
    size_t most = input.octet() % 64;
    size_t distance = 1 + input.octet() % 16;
    std::string bytes(input.rest());
    for (char &byte : bytes)
        byte = static_cast<char>('a' + byte % 3);
    auto make = [&] {
        return [&, searched = uint32_t{0}](const char *data, size_t len) mutable {
            return wm::framed::step(delimiter, data, len, most, searched);
        };
    };
    compare(bytes, distance, make, read_delimited(delimiter, bytes, most));
}

// ---- callbacks, through the whole stack

/// What the callbacks of one run answer: from the input, then always the same.
struct Host {
    Input *input;
    wm_app *app;
    bool connected = false;
    bool closed = false;
};

void act(Host &host, wm_conn conn)
{
    switch (host.input->octet() % 16) {
    case 0:
        wm_conn_close(conn, 0, nullptr, 0);
        break;
    case 1:
        wm_conn_destroy(conn);
        break;
    case 2:
        wm_conn_pause_recv(conn);
        break;
    case 3:
        wm_conn_send(conn, "echo", 4, 0);
        break;
    case 4:
        wm_conn_send(conn, "raw", 3, WM_SEND_RAW);
        break;
    case 5:
        wm_worker_free(wm_conn_worker(conn));
        break;
    case 6: {
        void *state = malloc(1);
        if (wm_conn_set_protocol_state(conn, state, free) != 0)
            free(state);
        break;
    }
    default:
        break;
    }
}

int64_t answer_input(wm_conn conn, const void *data, size_t len, void *user)
{
    Host &host = *static_cast<Host *>(user);
    check(len > 0 && len <= 4096 + 512 * 1024, "input gets nothing, or more than the limit and a read");
    volatile char last = static_cast<const char *>(data)[len - 1];
    (void)last;
    act(host, conn);
    static const int64_t edges[] = {0, -1, WM_INPUT_REFUSE, INT64_MIN, INT64_MAX, 4096, 4097, -4096, -4097, INT32_MAX};
    uint8_t which = host.input->octet();
    if (which < std::size(edges))
        return edges[which];
    int64_t near = static_cast<int64_t>(len) + static_cast<int8_t>(host.input->octet());
    return which % 2 ? near : -near;
}

int32_t transform(wm_conn conn, const void *data, size_t len, wm_out *out, void *user)
{
    Host &host = *static_cast<Host *>(user);
    act(host, conn);
    uint8_t which = host.input->octet();
    for (int i = 0; i < which % 4; i++)
        wm_out_write(out, data, len);
    return which > 250 ? which - 253 : 0;
}

void take(Host &host, const wm_event &event)
{
    volatile unsigned sum = 0;
    for (size_t i = 0; i < event.len; i++)
        sum = sum + static_cast<const unsigned char *>(event.data)[i];
    if (event.kind == WM_EVENT_CONNECT) {
        host.connected = true;
    } else if (event.kind == WM_EVENT_CLOSE) {
        check(host.connected && !host.closed, "a close without a connection, or two");
        host.closed = true;
    } else if (event.kind == WM_EVENT_MESSAGE) {
        check(!host.closed && event.len <= 4096, "a message behind the close, or over the limit");
        act(host, event.conn);
        wm_conn_resume_recv(event.conn);
    }
}

/// Turns until nothing comes any more; -1 when the app has stopped.
int poll(Host &host)
{
    wm_event events[4];
    int count = 0;
    for (int rounds = 0; (count = wm_app_poll(host.app, events, 4, 0)) > 0; rounds++) {
        check(rounds < 100000, "a poll without an end");
        for (int i = 0; i < count; i++)
            take(host, events[i]);
    }
    return count;
}

int dial(const std::string &name)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    memcpy(address.sun_path + 1, name.data(), name.size());
    auto len = static_cast<socklen_t>(offsetof(struct sockaddr_un, sun_path) + 1 + name.size());
    check(connect(fd, reinterpret_cast<struct sockaddr *>(&address), len) == 0, "no connection");
    return fd;
}

void fuzz_callbacks(Input input)
{
    Host host = {&input, wm_app_new()};
    uint8_t which = input.octet();
    wm_protocol *protocol = wm_protocol_new(host.app, "own");
    check(wm_protocol_on_input(protocol, answer_input, &host, nullptr) == 0, "no input");
    if (which & 1)
        check(wm_protocol_on_decode(protocol, transform, &host, nullptr) == 0, "no decode");
    if (which & 2)
        check(wm_protocol_on_encode(protocol, transform, &host, nullptr) == 0, "no encode");
    std::string name = "wm-fuzz-custom-" + std::to_string(getpid());
    wm_worker *worker = wm_worker_new(host.app, ("own+unix://@" + name).c_str());
    check(worker && wm_worker_set_int(worker, "max_message", 4096) == 0, "no worker");
    check(wm_app_set_int(host.app, "stop_timeout_ms", 0) == 0, "no option");
    poll(host);
    int fd = dial(name);
    poll(host);
    while (!input.empty()) {
        std::string_view bytes = input.take(1 + input.octet() % 64);
        (void)!send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (poll(host) < 0)
            break;
    }
    close(fd);
    wm_app_stop(host.app);
    int rounds = 0;
    while (poll(host) >= 0)
        check(++rounds < 1000, "a stop without an end");
    check(host.closed == host.connected, "a connection without its close event");
    wm_app_free(host.app);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    Input input(data + 1, size - 1);
    switch (data[0] % 8) {
    case 0:
    case 1:
    case 2:
        fuzz_length(input);
        break;
    case 3:
    case 4:
        fuzz_delimiter(input);
        break;
    default:
        fuzz_callbacks(input);
    }
    return 0;
}
