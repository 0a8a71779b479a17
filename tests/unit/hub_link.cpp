// Streams of batches between two processes, both ends in this one.
#include "hub/link.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <sys/socket.h>
#include <vector>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm;

/// What a side was told.
struct Side final : LinkEvents {
    bool arrived(Link &from, const char *batch, size_t size) override
    {
        batches.emplace_back(batch, size);
        if (closes)
            from.close();
        return !forked;
    }
    void ended(Link &) override { ends++; }

    std::vector<std::string> batches;
    int ends = 0;
    bool closes = false; ///< at the first batch
    bool forked = false;
    std::unique_ptr<Link> link;
};

/// Two links, or one and the bare socket of the other side.
struct Rig {
    explicit Rig(bool bare = false)
    {
        assert_int_equal(loop.open([](void *) {}, [](void *) {}, nullptr), 0);
        int ends[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
        open(one, ends[0]);
        if (bare)
            peer.reset(ends[1]);
        else
            open(other, ends[1]);
    }
    ~Rig()
    {
        one.link.reset();
        other.link.reset();
    }
    void open(Side &side, int fd)
    {
        side.link = std::make_unique<Link>(loop, side, Fd(fd), 1, 2);
        assert_true(side.link->open());
    }
    void turn(int turns = 1)
    {
        while (turns-- > 0)
            loop.turn(0);
    }
    void write(const std::string &bytes) const { assert_int_equal(::send(peer.get(), bytes.data(), bytes.size(), 0), bytes.size()); }

    Loop loop;
    Side one, other;
    Fd peer;
};

std::string framed(const std::string &batch)
{
    uint32_t total = static_cast<uint32_t>(batch.size() + 4);
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8)
        out += static_cast<char>(total >> shift);
    return out + batch;
}

void batches_of_all_sizes_arrive_whole(void **)
{
    Rig rig;
    std::vector<std::string> sent;
    for (size_t size : {1u, 3u, 4u, 100u, 65531u, 65532u, 65533u, 65536u, 300000u, 1u, 2000000u, 7u}) {
        sent.push_back(std::string(size, static_cast<char>('a' + sent.size())));
        rig.one.link->send(sent.back().data(), size);
        rig.turn(200);
    }
    assert_true(rig.other.batches == sent);
    assert_int_equal(rig.other.ends, 0);
}

void what_the_peer_does_not_read_waits_in_order(void **)
{
    Rig rig(true);
    std::string expected;
    for (int i = 0; i < 3000; i++) {
        std::string batch(static_cast<size_t>(1 + i % 997), static_cast<char>('a' + i % 26));
        rig.one.link->send(batch.data(), batch.size());
        expected += framed(batch);
    }
    std::string got;
    char bytes[8192];
    while (got.size() < expected.size()) {
        ssize_t size = recv(rig.peer.get(), bytes, 1 + got.size() % sizeof bytes, 0);
        if (size > 0)
            got.append(bytes, static_cast<size_t>(size));
        rig.turn();
    }
    assert_true(got == expected);
}

void a_stream_cut_at_every_byte_has_the_same_batches(void **)
{
    std::string stream = framed("first") + framed("x") + framed(std::string(300, 'y'));
    for (size_t cut = 1; cut < stream.size(); cut++) {
        Rig rig(true);
        rig.write(stream.substr(0, cut));
        rig.turn(2);
        rig.write(stream.substr(cut));
        rig.turn(2);
        assert_int_equal(rig.one.batches.size(), 3);
        assert_true(rig.one.batches[0] == "first" && rig.one.batches[1] == "x" && rig.one.batches[2] == std::string(300, 'y'));
    }
}

void lengths_that_are_none_end_the_stream(void **)
{
    for (const std::string &head :
         {std::string("\0\0\0\4", 4), std::string("\0\0\0\1", 4), std::string("\0\x80\0\1", 4), std::string("GET ")}) {
        Rig rig(true);
        rig.write(head);
        rig.turn(2);
        assert_int_equal(rig.one.ends, 1);
        assert_false(rig.one.link->is_open());
        rig.turn(2);
        assert_int_equal(rig.one.ends, 1);
    }
}

void the_end_comes_behind_the_last_batch(void **)
{
    Rig rig(true);
    rig.write(framed("last"));
    rig.peer.reset();
    rig.turn(2);
    assert_int_equal(rig.one.batches.size(), 1);
    assert_int_equal(rig.one.ends, 1);
}

void a_send_to_a_peer_that_has_gone_ends_the_stream_in_the_next_turn(void **)
{
    Rig rig(true);
    rig.peer.reset();
    rig.one.link->send("x", 1);
    rig.one.link->send("y", 1);
    assert_int_equal(rig.one.ends, 0);
    rig.turn();
    assert_int_equal(rig.one.ends, 1);
}

void nothing_arrives_on_a_link_that_was_closed_by_a_batch(void **)
{
    Rig rig(true);
    rig.one.closes = true;
    rig.write(framed("one") + framed("two"));
    rig.turn(3);
    assert_int_equal(rig.one.batches.size(), 1);
    assert_int_equal(rig.one.ends, 0);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_of_all_sizes_arrive_whole),
        cmocka_unit_test(what_the_peer_does_not_read_waits_in_order),
        cmocka_unit_test(a_stream_cut_at_every_byte_has_the_same_batches),
        cmocka_unit_test(lengths_that_are_none_end_the_stream),
        cmocka_unit_test(the_end_comes_behind_the_last_batch),
        cmocka_unit_test(a_send_to_a_peer_that_has_gone_ends_the_stream_in_the_next_turn),
        cmocka_unit_test(nothing_arrives_on_a_link_that_was_closed_by_a_batch),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
