// The bytes between routers: what is written is read, and a batch that is cut or lies about a length is refused without reading beyond it.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "hub/router/batch.h"
#include "hub/router/wire.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm::router;
using namespace std::string_literals;

constexpr BatchHeader kHeader = {0x1122334455667788, 7, 1000, 900};

Request sample()
{
    Request request;
    request.op = Op::kGroupSend;
    request.flags = kFirst;
    request.hub = 3;
    request.sent_ms = 123456789012;
    request.timeout_ms = 950;
    request.code = 1;
    request.name = "room";
    request.extra = std::string_view("u\0id", 4);
    request.payload = "the message";
    return request;
}

std::string bytes_of(Batch &batch)
{
    const char *bytes = batch.finish(kHeader);
    assert_non_null(bytes);
    return {bytes, batch.size()};
}

std::string sample_batch()
{
    Batch batch;
    assert_true(batch.add(Op::kHello));
    assert_true(batch.add(sample(), 42));
    assert_true(batch.add(Ack{1, {2, 3, Reason::kBusy}}));
    assert_true(batch.add(Ack{4, {5, 0, Reason::kNone}}));
    assert_true(batch.add(Op::kWho));
    assert_true(batch.add(Ack{6, {}}));
    return bytes_of(batch);
}

/// Reads all, from memory that ends where the batch does, so that a sanitizer sees a read beyond it. False: refused.
bool read_all(const std::string &bytes, std::vector<Record> *records = nullptr)
{
    std::unique_ptr<char[]> exact(new char[bytes.size()]);
    memcpy(exact.get(), bytes.data(), bytes.size());
    BatchReader reader(exact.get(), bytes.size());
    BatchHeader header;
    if (!reader.header(header))
        return false;
    Record record;
    bool valid = true;
    while (reader.next(record)) {
        if (records)
            records->push_back(record);
        Request request;
        Ack ack;
        if (is_request(record.op))
            valid = valid && read_request(record, request);
        else if (record.op == Op::kAck)
            for (size_t i = 0; is_ack_list(record.body) && read_ack(record.body, i, ack);)
                i++;
    }
    return valid && reader.is_complete();
}

void what_is_written_is_read(void **)
{
    std::string bytes = sample_batch();
    BatchReader reader(bytes.data(), bytes.size());
    BatchHeader header = {};
    assert_true(reader.header(header));
    assert_memory_equal(&header, &kHeader, sizeof header);
    Record record = {};
    assert_true(reader.next(record));
    assert_true(record.op == Op::kHello && record.body.empty());

    assert_true(reader.next(record));
    Request request, sent = sample();
    assert_true(read_request(record, request));
    assert_int_equal(record.ref, 42);
    assert_true(request.op == sent.op && request.flags == sent.flags && request.hub == sent.hub && request.code == sent.code);
    assert_true(request.sent_ms == sent.sent_ms && request.timeout_ms == sent.timeout_ms);
    assert_true(request.name == sent.name && request.extra == sent.extra && request.payload == sent.payload);

    assert_true(reader.next(record)); // two answers in a row are one record
    Ack ack = {};
    assert_true(is_ack_list(record.body) && read_ack(record.body, 0, ack));
    assert_true(ack.ref == 1 && ack.result.connections == 2 && ack.result.silent == 3 && ack.result.reason == Reason::kBusy);
    assert_true(read_ack(record.body, 1, ack));
    assert_true(ack.ref == 4 && ack.result.connections == 5);
    assert_false(read_ack(record.body, 2, ack));

    assert_true(reader.next(record) && record.op == Op::kWho);
    assert_true(reader.next(record) && record.op == Op::kAck);
    assert_true(read_ack(record.body, 0, ack) && ack.ref == 6);
    assert_false(reader.next(record));
    assert_true(reader.is_complete());
}

void the_layout_is_little_endian(void **)
{
    Batch batch;
    Request request;
    request.hub = 0x0102;
    request.sent_ms = 3;
    request.timeout_ms = 4;
    request.code = 5;
    request.name = "n";
    request.extra = "e";
    request.payload = "p";
    assert_true(batch.add(request, 0x0a0b0c0d));
    std::string expected = "WMR\1\1\0\0\0\x88\x77\x66\x55\x44\x33\x22\x11\7\0\0\0\0\0\0\0"s + "\xe8\3\0\0\0\0\0\0\x84\3\0\0\0\0\0\0"s +
                           "\x17\0\0\0\x10\0\2\1\x0d\x0c\x0b\x0a"s + "\3\0\0\0\0\0\0\0\4\0\0\0\5\0\0\0\1\0\1\0nep"s;
    assert_true(bytes_of(batch) == expected);
}

/// The size of the key is in the code: a message without one has the bytes that it had.
void a_key_is_in_front_of_the_payload(void **)
{
    for (Op op : {Op::kSend, Op::kBroadcast, Op::kGroupSend, Op::kPublish}) {
        for (size_t size : {0U, 1U, 255U}) {
            std::string key(size, 'k');
            Batch batch;
            Request sent = sample(), read;
            sent.op = op;
            sent.key = has_key(op) ? std::string_view(key) : std::string_view();
            sent.code = 9 | static_cast<uint32_t>(key.size()) << 24;
            assert_true(batch.add(sent, 1));
            std::string bytes = bytes_of(batch);
            BatchReader reader(bytes.data(), bytes.size());
            BatchHeader header = {};
            Record record = {};
            assert_true(reader.header(header) && reader.next(record) && read_request(record, read));
            assert_true(read.name == sent.name && read.extra == sent.extra && read.key == sent.key && read.payload == sent.payload);
            if (!has_key(op) || size == 0)
                continue;
            record.body = record.body.substr(0, kRequestHeader + sent.name.size() + sent.extra.size() + size - 1);
            assert_false(read_request(record, read));
        }
    }
}

void a_batch_that_is_cut_anywhere_is_refused(void **)
{
    std::string bytes = sample_batch();
    assert_true(read_all(bytes));
    for (size_t size = 0; size < bytes.size(); size++)
        assert_false(read_all(bytes.substr(0, size)));
    assert_false(read_all(bytes + "x"));
}

void a_length_that_lies_is_refused(void **)
{
    Batch batch;
    assert_true(batch.add(sample(), 1));
    std::string bytes = bytes_of(batch);
    for (uint32_t lie : {0u, 1u, 19u, 0x7fffffffu, 0xfffffff3u, 0xffffffffu}) { // of the record
        std::string lying = bytes;
        memcpy(lying.data() + kBatchHeader, &lie, sizeof lie);
        assert_false(read_all(lying));
    }
    for (size_t field : {size_t{16}, size_t{18}}) // of the name, of the extra
        for (uint16_t lie : {uint16_t{20}, uint16_t{0x7fff}, uint16_t{0xffff}}) {
            std::string lying = bytes;
            memcpy(lying.data() + kBatchHeader + kRecordHeader + field, &lie, sizeof lie);
            assert_false(read_all(lying));
        }
    for (uint32_t lie : {0u, 2u, 0xffffffffu}) { // of the number of records
        std::string lying = bytes;
        memcpy(lying.data() + 4, &lie, sizeof lie);
        assert_false(read_all(lying));
    }
}

void any_byte_may_be_wrong(void **)
{
    std::string bytes = sample_batch();
    for (size_t at = 0; at < bytes.size(); at++)
        for (int value : {0, 1, 0x7f, 0x80, 0xff}) {
            std::string changed = bytes;
            changed[at] = static_cast<char>(value);
            read_all(changed);
        }
}

void versions_may_differ_by_one(void **)
{
    std::string bytes = sample_batch();
    for (int version = 0; version < 256; version++) {
        bytes[3] = static_cast<char>(version);
        assert_int_equal(read_all(bytes), version <= kVersion + 1);
    }
}

void a_reason_of_a_later_version_means_perhaps(void **)
{
    std::string entry("\1\0\0\0\0\0\0\0\1\0\xee\0", kAckSize);
    Ack ack = {};
    assert_true(read_ack(entry, 0, ack));
    assert_true(may_be_delivered(ack.result.reason));
}

void sums_do_not_wrap(void **)
{
    Result sum = {UINT32_MAX - 1, UINT16_MAX - 1, Reason::kBusy};
    sum.add({5, 5, Reason::kTooLarge});
    assert_true(sum.connections == UINT32_MAX && sum.silent == UINT16_MAX && sum.reason == Reason::kBusy);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(the_layout_is_little_endian),
        cmocka_unit_test(a_key_is_in_front_of_the_payload),
        cmocka_unit_test(a_batch_that_is_cut_anywhere_is_refused),
        cmocka_unit_test(a_length_that_lies_is_refused),
        cmocka_unit_test(any_byte_may_be_wrong),
        cmocka_unit_test(versions_may_differ_by_one),
        cmocka_unit_test(a_reason_of_a_later_version_means_perhaps),
        cmocka_unit_test(sums_do_not_wrap),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
