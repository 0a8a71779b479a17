// A file range is queued like bytes: sent in order, over the socket or a transport, and its descriptor closed
// afterwards.
#include "shutdown_rig.h"

#include "net/transport.h"

#include <fcntl.h>

namespace {

/// A transport that changes nothing, so that files are read and sent instead of sendfile(2).
class Through : public wm::Transport {
public:
    wm::IoResult secure(int) override { return {wm::IoResult::Kind::kDone, 0, 0}; }
    wm::IoResult receive(int fd, char *out, size_t len) override { return wm::io::receive_plain(fd, out, len); }
    wm::IoResult send(int fd, const struct iovec *vectors, int count) override { return wm::io::send_plain(fd, vectors, count); }
};

/// A peer that takes everything at once.
class Gulping final : public Through {
public:
    wm::IoResult send(int, const struct iovec *vectors, int count) override
    {
        size_t size = 0;
        for (int i = 0; i < count; i++)
            size += vectors[i].iov_len;
        return {wm::IoResult::Kind::kDone, 0, size};
    }
    wm::IoResult send_file(int, int, int64_t, size_t len) override
    {
        return {wm::IoResult::Kind::kDone, 0, std::min<size_t>(len, 512 * 1024)};
    }
};

constexpr wm::TransportKind kGulping = {"gulping", [](void *) -> wm::Transport * { return new Gulping; }};

constexpr wm::TransportKind kThrough = {"through", [](void *) -> wm::Transport * { return new Through; }};

class File {
public:
    explicit File(size_t len)
    {
        char path[] = "/tmp/wm-file-XXXXXX";
        fd = mkstemp(path);
        assert_true(fd >= 0);
        unlink(path);
        for (size_t i = 0; content.size() < len; i++)
            content += std::to_string(i) + ",";
        assert_int_equal(write(fd, content.data(), content.size()), static_cast<ssize_t>(content.size()));
    }

    int fd;
    std::string content;
};

bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

void send_between(Rig &rig, File &file)
{
    rig.react = [&](const Seen &event) {
        if (event.kind != WM_EVENT_MESSAGE)
            return;
        wm::Reactor &reactor = wm::object(rig.app)->reactor;
        wm::Connection &conn = *wm::object(rig.worker)->connections().front();
        assert_int_equal(wm_conn_send(event.conn, "before", 6, 0), 0);
        assert_int_equal(reactor.outbox.send_file(conn, {file.fd, 10, file.content.size() - 10}), 0);
        assert_int_equal(wm_conn_send(event.conn, "after", 5, 0), 0);
        assert_true(wm_conn_send_queue_size(event.conn) < 100000); // memory, not files
    };
}

void a_file_leaves_in_order(void **state, const wm::TransportKind &kind)
{
    Rig rig(state, "text://127.0.0.1:0");
    wm::object(rig.worker)->transport = &kind;
    File file(8 << 20);
    send_between(rig, file);
    Client client(rig);
    client.say("go\n");
    std::string expected = "before\n" + file.content.substr(10) + "after\n";
    rig.until([&] {
        client.pump();
        return client.in.size() >= expected.size();
    });
    assert_true(client.in == expected);
    rig.settle();
    assert_false(is_open(file.fd));
}

void over_the_socket(void **state)
{
    a_file_leaves_in_order(state, wm::kPlainTransport);
}

void over_a_transport(void **state)
{
    a_file_leaves_in_order(state, kThrough);
}

void a_peer_that_goes_in_the_middle(void **state)
{
    Rig rig(state, "text://127.0.0.1:0");
    File file(64 << 20);
    send_between(rig, file);
    {
        Client client(rig);
        client.say("go\n");
        rig.until([&] { return client.has("before"); });
    }
    rig.until([&] { return rig.count(WM_EVENT_CLOSE) == 1; });
    rig.settle();
    assert_false(is_open(file.fd));
}

/// Between two turns of such a peer's file, the others have theirs.
void a_fast_reader_gets_a_share_of_each_turn(void **state)
{
    Rig rig(state, "text://127.0.0.1:0");
    wm::object(rig.worker)->transport = &kGulping;
    File file(64);
    wm::Connection *conn = nullptr;
    rig.react = [&](const Seen &event) {
        if (event.kind != WM_EVENT_MESSAGE)
            return;
        conn = wm::object(rig.worker)->connections().front();
        assert_int_equal(wm::object(rig.app)->reactor.outbox.send_file(*conn, {file.fd, 0, size_t{10} << 20}), 0);
        assert_int_equal(conn->bytes_written, 1 << 20);
    };
    Client client(rig);
    client.say("go\n");
    rig.until([&] { return rig.count(WM_EVENT_MESSAGE) == 1; });
    wm::Reactor &reactor = wm::object(rig.app)->reactor;
    assert_int_equal(reactor.file_total, 1);
    for (uint64_t before = conn->bytes_written; before < 10 << 20; before = conn->bytes_written) {
        rig.turn();
        assert_true(conn->bytes_written - before <= 1 << 20);
    }
    assert_int_equal(reactor.file_total, 0);
    assert_false(is_open(file.fd));
}

void a_file_that_shrinks_resets(void **state)
{
    Rig rig(state, "text://127.0.0.1:0");
    File file(64 << 20);
    send_between(rig, file);
    Client client(rig);
    client.say("go\n");
    rig.until([&] { return rig.count(WM_EVENT_MESSAGE) == 1; });
    assert_int_equal(ftruncate(file.fd, 1000), 0);
    rig.until([&] { return client.ended(); });
    rig.until([&] { return rig.count(WM_EVENT_CLOSE) == 1; });
    assert_int_equal(rig.nth(WM_EVENT_CLOSE, 0).flags, WM_REASON_ERROR);
    assert_int_equal(rig.nth(WM_EVENT_CLOSE, 0).detail, EIO);
    assert_true(client.in.size() < file.content.size());
}

void a_close_waits_for_the_file(void **state)
{
    Rig rig(state, "text://127.0.0.1:0");
    File file(8 << 20);
    rig.react = [&](const Seen &event) {
        if (event.kind != WM_EVENT_MESSAGE)
            return;
        wm::Connection &conn = *wm::object(rig.worker)->connections().front();
        assert_int_equal(wm::object(rig.app)->reactor.outbox.send_file(conn, {file.fd, 0, file.content.size()}), 0);
        assert_int_equal(wm_conn_close(event.conn, 0, nullptr, 0), 0);
    };
    Client client(rig);
    client.say("go\n");
    rig.until([&] { return client.ended(); });
    assert_true(client.in == file.content);
}

} // namespace

int main()
{
    return run_scenarios("send_file", {
                                          {"over the socket", over_the_socket},
                                          {"over a transport", over_a_transport},
                                          {"a peer that goes in the middle", a_peer_that_goes_in_the_middle},
                                          {"a fast reader gets a share of each turn", a_fast_reader_gets_a_share_of_each_turn},
                                          {"a file that shrinks resets", a_file_that_shrinks_resets},
                                          {"a close waits for the file", a_close_waits_for_the_file},
                                      });
}
