// Tickets: each works once, for its uid, until its time is over, and a store keeps no more than it may.
#include "wm-serve/base64url.h"
#include "wm-serve/ticket_store.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using wm::serve::decode_base64url;
using wm::serve::encode_base64url;
using wm::serve::kMaxTicketBytes;
using wm::serve::kTicketHead;
using wm::serve::read_ticket;
using wm::serve::Ticket;
using wm::serve::TicketRandom;
using wm::serve::TicketScratch;
using wm::serve::TicketStore;

constexpr int64_t kTtl = 30000;
constexpr int64_t kEnd = 1800000000;

TicketRandom random_of(unsigned number)
{
    TicketRandom random = {'r', '\0', '\xff'};
    for (size_t i = 3; i < 7; i++)
        random[i] = static_cast<char>(number >> (i - 3) * 8);
    return random;
}

std::string issue(TicketStore &store, std::string_view uid, unsigned number = 1, int64_t now = 0)
{
    return store.issue(uid, random_of(number), now, kEnd);
}

/// Uses a ticket as its text was given.
bool take(TicketStore &store, std::string_view text, int64_t now = 0)
{
    TicketScratch scratch;
    Ticket ticket = read_ticket(text, scratch);
    return !ticket.bytes.empty() && store.take(ticket.bytes, now);
}

void ticket_store__a_ticket_says_its_uid_and_its_end(void **)
{
    TicketStore store(kTtl);
    for (const std::string &uid : {std::string("u"), std::string("a\0b", 3), std::string(255, 'u'), std::string("再見")}) {
        TicketScratch scratch;
        std::string text = issue(store, uid);
        Ticket ticket = read_ticket(text, scratch);
        assert_true(ticket.uid == uid);
        assert_int_equal(ticket.end_s, kEnd);
        assert_int_equal(ticket.bytes.size(), kTicketHead + uid.size());
        assert_true(take(store, text));
    }
}

void ticket_store__a_ticket_works_once(void **)
{
    TicketStore store(kTtl);
    std::string first = issue(store, "u", 1), second = issue(store, "u", 2);
    assert_true(first != second);
    assert_int_equal(store.size(), 2);
    assert_true(take(store, first));
    assert_false(take(store, first));
    assert_int_equal(store.size(), 1);
    assert_true(take(store, second));
    assert_int_equal(store.size(), 0);
}

void ticket_store__a_ticket_ends(void **)
{
    TicketStore store(kTtl);
    std::string early = issue(store, "u", 1, 1000), late = issue(store, "u", 2, 1001);
    assert_true(take(store, late, 1000 + kTtl));
    assert_false(take(store, early, 1000 + kTtl));
    std::string last = issue(store, "u", 3, 2000);
    assert_true(take(store, last, 1999 + kTtl));
}

void ticket_store__each_bit_counts(void **)
{
    TicketStore store(kTtl);
    std::string text = issue(store, "uid1");
    TicketScratch scratch;
    const std::string bytes(read_ticket(text, scratch).bytes);
    for (size_t bit = 0; bit < bytes.size() * 8; bit++) {
        std::string other = bytes;
        other[bit / 8] = static_cast<char>(other[bit / 8] ^ 1 << bit % 8);
        assert_false(take(store, encode_base64url(other)));
    }
    for (const std::string &other : {bytes + "1", bytes.substr(0, bytes.size() - 1), bytes.substr(0, kTicketHead) + "admin"})
        assert_false(take(store, encode_base64url(other)));
    assert_true(take(store, text)); // guesses do not use it up
}

void ticket_store__another_store_knows_nothing_of_it(void **)
{
    TicketStore issuer(kTtl), other(kTtl);
    std::string text = issue(issuer, "u");
    assert_false(take(other, text));
    assert_true(take(issuer, text));
}

void ticket_store__keeps_no_more_than_it_may(void **)
{
    TicketStore store(kTtl, 3);
    std::string texts[3];
    for (unsigned i = 0; i < 3; i++)
        texts[i] = issue(store, "u", i, i);
    assert_true(issue(store, "u", 3, 3).empty());
    assert_true(take(store, texts[1], 3)); // one that is used makes room
    assert_false(issue(store, "u", 3, 3).empty());
    assert_true(issue(store, "u", 4, 3).empty());
    assert_false(issue(store, "u", 4, kTtl).empty()); // so does one whose time is over
    assert_int_equal(store.size(), 3);
    assert_int_equal(TicketStore(kTtl).size(), 0);
    for (unsigned i = 0; i < 1000; i++) // what is used is forgotten: no number of tickets within a time fills it
        assert_true(take(store, issue(store, "u", 10 + i, 3 * kTtl), 3 * kTtl));
}

void ticket_store__the_limit_is_reached_and_left(void **)
{
    TicketStore store(kTtl);
    for (unsigned i = 0; i < TicketStore::kMaxTickets; i++)
        assert_false(issue(store, "u", i).empty());
    assert_true(issue(store, "u", 1u << 31).empty());
    assert_false(issue(store, "u", 1u << 31, kTtl).empty());
    assert_int_equal(store.size(), 1);
}

void ticket_store__other_texts_are_no_tickets(void **)
{
    TicketStore store(kTtl);
    const std::string text = issue(store, "uid1");
    TicketScratch scratch;
    for (const std::string &other :
         {std::string(), std::string("uid1"), text + "=", text + "\n", " " + text, text + ".",
          encode_base64url(std::string(kTicketHead, 'x')), encode_base64url(std::string(kMaxTicketBytes + 1, 'x')),
          std::string(1 << 20, 'A'), std::string("+/") + text.substr(2)})
        assert_true(read_ticket(other, scratch).bytes.empty());
    assert_false(read_ticket(encode_base64url(std::string(kMaxTicketBytes, 'x')), scratch).bytes.empty());
    assert_true(take(store, text));
}

void base64url__decodes_what_it_encodes(void **)
{
    std::string bytes;
    for (int i = 0; i < 300; i++) {
        char room[300];
        auto decoded = decode_base64url(encode_base64url(bytes), room);
        assert_true(decoded && *decoded == bytes);
        bytes += static_cast<char>(i * 37);
    }
    assert_string_equal(encode_base64url("\xfb\xff\xfe").c_str(), "-__-"); // RFC 4648 §5
    assert_string_equal(encode_base64url("fooba").c_str(), "Zm9vYmE");     // §10, without padding
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(ticket_store__a_ticket_says_its_uid_and_its_end),
        cmocka_unit_test(ticket_store__a_ticket_works_once),
        cmocka_unit_test(ticket_store__a_ticket_ends),
        cmocka_unit_test(ticket_store__each_bit_counts),
        cmocka_unit_test(ticket_store__another_store_knows_nothing_of_it),
        cmocka_unit_test(ticket_store__keeps_no_more_than_it_may),
        cmocka_unit_test(ticket_store__the_limit_is_reached_and_left),
        cmocka_unit_test(ticket_store__other_texts_are_no_tickets),
        cmocka_unit_test(base64url__decodes_what_it_encodes),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
