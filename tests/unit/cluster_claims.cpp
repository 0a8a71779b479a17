// What one side says of its names, and the other one holds of them: by example.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "hub/cluster/claim_records.h"
#include "hub/cluster/claims.h"
#include "hub/cluster/peer_claims.h"

#include "claims_feed.h"

namespace {

using namespace claims_feed;

/// One side with names, and one that holds them; nothing between them is lost.
struct Pair {
    Claims claims;
    Directory::Target own = claims.directory.open(0);
    ClaimStream all{0};
    Directory directory;
    PeerClaims peer{directory, 5};
    uint64_t epoch = 1;

    Pair() { assert_false(hello()); } // without names they are equal
    void add(uint64_t from, uint64_t to)
    {
        for (uint64_t fp = from; fp <= to; fp++)
            assert_true(claims.directory.add(fp, own));
    }
    bool hello() { return peer.hello(epoch, claims.seq(), claims.digest()); }
    /// Whether the receiver has asked.
    bool flush(ClaimStream &stream)
    {
        bool asked = false;
        for (Message message = next_of(stream, claims); message.op != ClaimOp::kNone; message = next_of(stream, claims))
            asked = give(peer, message) || asked;
        return asked;
    }
    bool answer()
    {
        ClaimStream stream(peer.have());
        return flush(stream);
    }
    bool holds(uint64_t fp) const
    {
        bool found = false;
        directory.each(fp, [&](uint32_t owner) { found = found || owner == 5; });
        return found;
    }
};

void nothing_is_known_before_hello(void **)
{
    Claims claims;
    Directory::Target own = claims.directory.open(0);
    assert_true(claims.directory.add(1, own));
    Directory directory;
    PeerClaims peer(directory, 1);
    ClaimStream stream(0), all(UINT64_MAX);
    assert_false(give(peer, next_of(stream, claims)));
    assert_false(give(peer, next_of(all, claims)));
    assert_false(peer.is_valid());
    assert_int_equal(directory.size(), 0);
}

void none_is_valid_without_a_transfer(void **)
{
    Pair pair;
    assert_true(pair.peer.is_valid());
}

void changes_follow_each_other(void **)
{
    Pair pair;
    pair.hello();
    pair.add(1, 5000);
    assert_false(pair.flush(pair.all));
    assert_true(pair.all.is_done(pair.claims));
    pair.claims.directory.remove(7, pair.own);
    assert_false(pair.all.is_done(pair.claims));
    assert_false(pair.flush(pair.all));
    assert_true(pair.peer.is_valid() && pair.holds(6) && !pair.holds(7) && pair.holds(5000));
    assert_int_equal(pair.peer.count(), 4999);
    assert_false(pair.hello());
    assert_true(pair.peer.is_valid());
}

/// Of changes that are told at once, what is true now is told.
void changes_that_cancel_each_other_say_what_is(void **)
{
    Pair pair;
    pair.add(1, 1);
    pair.flush(pair.all);
    pair.claims.directory.remove(1, pair.own);
    pair.add(1, 2);
    pair.claims.directory.remove(2, pair.own);
    Message message = next_of(pair.all, pair.claims);
    Delta delta;
    assert_true(read_delta(message.body, delta));
    assert_int_equal(delta.before, 1);
    assert_int_equal(delta.seq, 5);
    assert_int_equal(delta.adds.size(), 2);
    assert_int_equal(delta.adds[0], 1);
    assert_int_equal(delta.adds[1], 1);
    assert_int_equal(delta.removes.size(), 2);
    assert_int_equal(delta.removes[0], 2);
    give(pair.peer, message);
    pair.hello();
    assert_true(pair.peer.is_valid() && pair.holds(1) && !pair.holds(2));
}

void a_name_of_two_targets_is_one(void **)
{
    Claims claims;
    Directory::Target a = claims.directory.open(0), b = claims.directory.open(1);
    assert_true(claims.directory.add(9, a) && claims.directory.add(9, b) && claims.directory.add(8, b));
    assert_int_equal(claims.seq(), 2);
    assert_int_equal(claims.count(), 2);
    claims.directory.remove(9, a);
    assert_int_equal(claims.seq(), 2);
    claims.directory.close(b);
    assert_int_equal(claims.seq(), 2); // until it is swept
    while (claims.directory.has_garbage())
        claims.directory.sweep();
    assert_int_equal(claims.seq(), 4);
    assert_int_equal(claims.count(), 0);
    assert_int_equal(claims.digest(), 0);
}

void a_gap_is_asked_for_and_filled_from_the_list(void **)
{
    Pair pair;
    pair.hello();
    pair.add(1, 10);
    pair.flush(pair.all);
    pair.add(11, 20);
    next_of(pair.all, pair.claims); // is lost
    pair.add(21, 30);
    Message late = next_of(pair.all, pair.claims);
    assert_true(give(pair.peer, late));
    assert_false(pair.peer.is_valid());
    assert_int_equal(pair.peer.have(), 10);
    assert_false(give(pair.peer, late)); // asked once
    assert_false(pair.answer());
    assert_false(pair.hello());
    assert_true(pair.peer.is_valid() && pair.holds(15));
}

void a_lost_last_change_is_seen_at_hello(void **)
{
    Pair pair;
    pair.hello();
    pair.add(1, 10);
    next_of(pair.all, pair.claims); // is lost
    assert_true(pair.hello());
    assert_false(pair.peer.is_valid());
    assert_false(pair.answer());
    assert_true(pair.peer.is_valid()); // equal to that HELLO
}

void what_comes_twice_or_late_changes_nothing(void **)
{
    Pair pair;
    pair.add(1, 10);
    Message first = next_of(pair.all, pair.claims);
    pair.claims.directory.remove(3, pair.own);
    Message second = next_of(pair.all, pair.claims);
    give(pair.peer, first);
    give(pair.peer, second);
    assert_false(give(pair.peer, first));
    assert_int_equal(pair.peer.have(), 11);
    assert_false(pair.holds(3));
    assert_false(give(pair.peer, second));
    pair.hello();
    assert_true(pair.peer.is_valid() && !pair.holds(3));
}

/// More changes than are kept.
void all_names_are_told_in_parts(void **)
{
    Pair pair;
    pair.add(1, Claims::kMaxChanges + 5000);
    assert_true(pair.hello());
    ClaimStream stream(pair.peer.have());
    uint32_t parts = 0;
    for (;;) {
        Message message = next_of(stream, pair.claims);
        assert_true(message.op == ClaimOp::kState);
        StatePart part;
        assert_true(read_state(message.body, part));
        assert_int_equal(part.part, parts++);
        assert_int_equal(part.seq, pair.claims.seq());
        assert_false(pair.peer.is_valid());
        give(pair.peer, message);
        if (part.is_last)
            break;
        assert_int_equal(part.prints.size(), kMaxPrints);
    }
    assert_int_equal(parts, 18);
    assert_true(pair.peer.is_valid());
    assert_int_equal(pair.peer.count(), pair.claims.count());
    assert_true(next_of(stream, pair.claims).op == ClaimOp::kNone);
}

void names_that_change_while_parts_are_sent_are_right_behind_them(void **)
{
    Pair pair;
    pair.add(1, 100'000);
    assert_true(pair.hello());
    ClaimStream stream(pair.peer.have());
    for (uint64_t fp = 1; !stream.is_done(pair.claims); fp++) {
        Message message = next_of(stream, pair.claims);
        if (message.op == ClaimOp::kNone)
            break;
        give(pair.peer, message);
        if (fp > 20)
            continue;
        pair.claims.directory.remove(fp * 100, pair.own);
        pair.add(200'000 + fp, 200'000 + fp);
    }
    assert_false(pair.hello());
    assert_true(pair.peer.is_valid());
    assert_int_equal(pair.peer.count(), 100'000);
}

void a_part_that_is_missing_makes_it_begin_anew(void **)
{
    Pair pair;
    pair.add(1, 80'000);
    assert_true(pair.hello());
    ClaimStream stream(0);
    for (int i = 0; i < 5; i++) {
        Message message = next_of(stream, pair.claims);
        if (i != 3)
            assert_false(give(pair.peer, message));
    }
    assert_false(pair.flush(stream));
    assert_false(pair.peer.is_valid());
    assert_int_equal(pair.peer.count(), 0);
    assert_true(pair.hello());
    pair.answer();
    assert_true(pair.peer.is_valid());
    while (pair.directory.has_garbage())
        pair.directory.sweep();
    assert_int_equal(pair.directory.size(), 80'000);
}

void a_state_that_stops_is_given_up(void **)
{
    Pair pair;
    pair.add(1, 80'000);
    assert_true(pair.hello());
    ClaimStream stream(0);
    give(pair.peer, next_of(stream, pair.claims));
    assert_false(pair.hello());
    give(pair.peer, next_of(stream, pair.claims));
    assert_false(pair.hello()); // it goes on
    assert_false(pair.hello());
    assert_true(pair.hello());
    pair.answer();
    assert_true(pair.peer.is_valid());
}

void doubt_ends_with_an_equal_hello(void **)
{
    Pair pair;
    pair.add(1, 10);
    pair.flush(pair.all);
    pair.hello();
    pair.peer.doubt();
    assert_false(pair.peer.is_valid());
    pair.add(11, 11);
    pair.flush(pair.all);
    assert_false(pair.peer.is_valid());
    assert_false(pair.hello());
    assert_true(pair.peer.is_valid());

    pair.add(12, 12);
    Message last = next_of(pair.all, pair.claims);
    assert_true(pair.hello());
    pair.peer.doubt();
    give(pair.peer, last);
    assert_false(pair.peer.is_valid()); // equal to one from before the doubt
    pair.hello();
    assert_true(pair.peer.is_valid());
}

void a_new_life_begins_without_names(void **)
{
    Pair pair;
    pair.add(1, 10);
    pair.flush(pair.all);
    pair.hello();
    assert_false(pair.peer.hello(2, 0, 0));
    assert_true(pair.peer.is_valid() && !pair.holds(1));
    assert_false(pair.hello()); // of the former one
    assert_true(pair.peer.is_valid());
}

void a_digest_that_lies_is_asked_about_ever_less(void **)
{
    Pair pair;
    pair.add(1, 10);
    uint32_t asked = 0;
    for (uint32_t i = 0; i < 2000; i++)
        if (pair.peer.hello(1, pair.claims.seq(), 123)) {
            asked++;
            pair.answer();
            assert_false(pair.peer.is_valid());
        }
    assert_in_range(asked, 10, 50);
    while (!pair.peer.is_valid())
        if (pair.hello())
            pair.answer();
}

void a_seq_that_goes_back_begins_anew(void **)
{
    Pair pair;
    pair.add(1, 10);
    pair.flush(pair.all);
    pair.hello();
    Delta lie;
    lie.seq = UINT64_MAX;
    pair.peer.apply(lie);
    assert_false(pair.hello()); // it could have been overtaken
    assert_true(pair.hello());
    pair.answer();
    pair.hello();
    assert_true(pair.peer.is_valid() && pair.holds(1));
}

void a_peer_with_too_many_names_takes_no_memory(void **)
{
    Claims claims;
    Directory::Target own = claims.directory.open(0);
    Directory directory;
    PeerClaims peer(directory, 1, 100);
    ClaimStream stream(0);
    peer.hello(1, 0, 0);
    for (uint64_t fp = 1; fp <= 101; fp++)
        assert_true(claims.directory.add(fp, own));
    give(peer, next_of(stream, claims));
    assert_true(claims.directory.add(102, own));
    assert_true(peer.has_too_many() && !peer.is_valid());
    assert_false(peer.hello(1, claims.seq(), claims.digest()));
    assert_false(give(peer, next_of(stream, claims)));
    assert_false(peer.hello(1, 0, 0)); // what it is told from here on is not taken
    assert_false(peer.is_valid());
    while (directory.has_garbage())
        directory.sweep();
    assert_int_equal(directory.size(), 0);
    peer.hello(2, 0, 0);
    assert_true(peer.is_valid());
}

void peers_together_have_a_limit_of_names(void **)
{
    Claims claims;
    Directory::Target own = claims.directory.open(0);
    for (uint64_t fp = 1; fp <= 60; fp++)
        assert_true(claims.directory.add(fp, own));
    Directory directory;
    PeerClaims first(directory, 1, 100, 100), second(directory, 2, 100, 100);
    for (PeerClaims *peer : {&first, &second}) {
        ClaimStream stream(0);
        peer->hello(1, claims.seq(), claims.digest());
        give(*peer, next_of(stream, claims));
    }
    assert_true(first.is_valid() && !first.has_too_many());
    assert_true(!second.is_valid() && second.has_too_many());
    assert_int_equal(directory.size(), 60);
}

void a_state_that_begins_again_and_again_is_bounded(void **)
{
    Pair pair;
    pair.add(1, 2 * kMaxPrints);
    pair.hello();
    size_t most = 0;
    for (uint64_t i = 1; i <= 3000; i++) {
        char body[kMaxClaimBody];
        char *at = put_state_header(body, i, 0, 0, kMaxPrints);
        for (uint64_t n = 0; n < kMaxPrints; n++)
            at = wm::router::put(at, i * kMaxPrints + n);
        give(pair.peer, {ClaimOp::kState, std::string(body, static_cast<size_t>(at - body))});
        most = std::max(most, pair.directory.size());
    }
    assert_in_range(most, kMaxPrints, 60 * kMaxPrints);
}

// ---- records

void records_that_lie_about_their_length_are_refused(void **)
{
    Pair pair;
    pair.add(1, 3);
    pair.claims.directory.remove(2, pair.own);
    std::string delta = next_of(pair.all, pair.claims).body;
    ClaimStream other(UINT64_MAX);
    std::string state = next_of(other, pair.claims).body;
    Delta read;
    StatePart part;
    uint64_t have;
    assert_true(read_delta(delta + "more", read) && read_state(state + "more", part));
    for (size_t size = 0; size < delta.size(); size++)
        assert_false(read_delta({delta.data(), size}, read));
    for (size_t size = 0; size < state.size(); size++)
        assert_false(read_state({state.data(), size}, part));
    assert_false(read_want("1234567", have));
    assert_true(read_want("12345678", have));

    std::string many(kMaxClaimBody + 64, '\0');
    put_delta_header(many.data(), 1, 2, kMaxPrints, 1);
    assert_false(read_delta(many, read));
    put_delta_header(many.data(), 1, 2, UINT32_MAX, 1); // the sum does not wrap
    assert_false(read_delta(many, read));
    put_delta_header(many.data(), 2, 2, 1, 0);
    assert_false(read_delta(many, read));
    put_state_header(many.data(), 1, 0, 0, kMaxPrints + 1);
    assert_false(read_state(many, part));
    put_state_header(many.data(), 1, 3, 2, 1);
    assert_false(read_state(many, part));
    put_state_header(many.data(), 1, UINT32_MAX, 0, 1);
    assert_false(read_state(many, part));
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_known_before_hello),
        cmocka_unit_test(none_is_valid_without_a_transfer),
        cmocka_unit_test(changes_follow_each_other),
        cmocka_unit_test(changes_that_cancel_each_other_say_what_is),
        cmocka_unit_test(a_name_of_two_targets_is_one),
        cmocka_unit_test(a_gap_is_asked_for_and_filled_from_the_list),
        cmocka_unit_test(a_lost_last_change_is_seen_at_hello),
        cmocka_unit_test(what_comes_twice_or_late_changes_nothing),
        cmocka_unit_test(all_names_are_told_in_parts),
        cmocka_unit_test(names_that_change_while_parts_are_sent_are_right_behind_them),
        cmocka_unit_test(a_part_that_is_missing_makes_it_begin_anew),
        cmocka_unit_test(a_state_that_stops_is_given_up),
        cmocka_unit_test(doubt_ends_with_an_equal_hello),
        cmocka_unit_test(a_new_life_begins_without_names),
        cmocka_unit_test(a_digest_that_lies_is_asked_about_ever_less),
        cmocka_unit_test(a_seq_that_goes_back_begins_anew),
        cmocka_unit_test(a_peer_with_too_many_names_takes_no_memory),
        cmocka_unit_test(peers_together_have_a_limit_of_names),
        cmocka_unit_test(a_state_that_begins_again_and_again_is_bounded),
        cmocka_unit_test(records_that_lie_about_their_length_are_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
