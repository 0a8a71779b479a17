// TlsTransport over a socketpair, against OpenSSL on the other end: what is parked, what floods, what is cut in pieces.
#include "core/error.h"
#include "net/tls/tls_context.h"
#include "net/tls/tls_server.h"

#include <algorithm>
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <openssl/pem.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

extern "C" {
#include <cmocka.h>
}

namespace {

using wm::IoResult;
using Kind = wm::IoResult::Kind;

template <class Write> std::string pem_of(Write write)
{
    BIO *bio = BIO_new(BIO_s_mem());
    write(bio);
    char *bytes;
    long len = BIO_get_mem_data(bio, &bytes);
    std::string text(bytes, static_cast<size_t>(len));
    BIO_free(bio);
    return text;
}

/// A certificate of its own authority, for a.example.
const wm::TlsBundle &bundle()
{
    static wm::TlsBundle made = [] {
        EVP_PKEY *key = EVP_EC_gen("P-256");
        X509 *certificate = X509_new();
        X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
        X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
        X509_set_pubkey(certificate, key);
        X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char *>("a.example"), -1, -1, 0);
        X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
        X509_sign(certificate, key, EVP_sha256());
        wm::TlsBundle all;
        wm::TlsIdentity &one = all.identities.emplace_back();
        one.cert = pem_of([&](BIO *bio) { PEM_write_bio_X509(bio, certificate); });
        one.key = pem_of([&](BIO *bio) { PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
        X509_free(certificate);
        EVP_PKEY_free(key);
        return all;
    }();
    return made;
}

/// A server's transport and an OpenSSL client, through their handshake or before it.
struct Pair {
    explicit Pair(int version = TLS1_3_VERSION, bool through = true)
    {
        assert_int_equal(server.load(bundle(), {}), 0);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
        int small = 4096;
        setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
        transport.reset(server.make());
        transport->count_parked_in(&total);
        context = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_max_proto_version(context, version);
        client = SSL_new(context);
        SSL_set_fd(client, fds[1]);
        if (through)
            shake();
    }
    void shake()
    {
        bool client_done = false, server_done = false;
        for (int i = 0; i < 100 && !(client_done && server_done); i++) {
            client_done = SSL_connect(client) == 1;
            server_done = server_done || transport->secure(fds[0]).kind == Kind::kDone;
            transport->flush(fds[0]);
        }
        assert_true(client_done && server_done);
        char none;
        SSL_read(client, &none, 1); // the tickets
        assert_int_equal(transport->flush(fds[0]).kind, Kind::kDone);
    }
    ~Pair()
    {
        transport.reset();
        assert_int_equal(total, 0);
        SSL_free(client);
        SSL_CTX_free(context);
        close(fds[0]);
        close(fds[1]);
    }

    IoResult receive() { return transport->receive(fds[0], room, sizeof room); }
    IoResult send(const std::string &text)
    {
        struct iovec vector = {const_cast<char *>(text.data()), text.size()};
        return transport->send(fds[0], &vector, 1);
    }
    /// All that the client can read now.
    std::string read()
    {
        std::string text;
        char part[1 << 14];
        for (int got; (got = SSL_read(client, part, sizeof part)) > 0;)
            text.append(part, static_cast<size_t>(got));
        return text;
    }
    void update_keys()
    {
        assert_int_equal(SSL_key_update(client, SSL_KEY_UPDATE_REQUESTED), 1);
        SSL_do_handshake(client);
    }

    wm::TlsServer server;
    std::unique_ptr<wm::Transport> transport;
    size_t total = 0;
    SSL_CTX *context;
    SSL *client;
    int fds[2];
    char room[wm::Transport::kMinReceive];
};

constexpr size_t kMostParked = 17 * 1024;

void a_slow_reader_has_one_record_parked(void **)
{
    Pair pair;
    std::string sent(1 << 20, 'x'), got;
    for (size_t i = 0; i < sent.size(); i++)
        sent[i] = static_cast<char>(i * 7 >> 3);
    size_t done = 0;
    while (done < sent.size() || pair.transport->parked() > 0) {
        IoResult result = pair.send(sent.substr(done));
        assert_int_not_equal(result.kind, Kind::kFailed);
        done += result.size;
        assert_true(pair.transport->parked() <= kMostParked);
        assert_int_equal(pair.total, pair.transport->parked());
        if (done < sent.size())
            assert_true(pair.transport->parked() > 0);
        IoResult again = pair.send(sent.substr(done));
        if (pair.transport->parked() > 0)
            assert_int_equal(again.size, 0);
        done += again.size;
        got += pair.read();
        pair.transport->flush(pair.fds[0]);
    }
    got += pair.read();
    assert_true(got == sent);
}

void small_vectors_share_a_record(void **)
{
    Pair pair;
    char a[] = "one ", b[] = "", c[] = "three";
    struct iovec vectors[] = {{a, 4}, {b, 0}, {c, 5}};
    IoResult result = pair.transport->send(pair.fds[0], vectors, 3);
    assert_int_equal(result.size, 9);
    char part[100];
    assert_int_equal(SSL_read(pair.client, part, sizeof part), 9);
    assert_memory_equal(part, "one three", 9);
}

void all_that_has_come_is_received_at_once(void **)
{
    Pair pair;
    for (int i = 0; i < 10; i++)
        assert_int_equal(SSL_write(pair.client, "0123456789", 10), 10);
    IoResult result = pair.receive();
    assert_int_equal(result.kind, Kind::kDone);
    assert_int_equal(result.size, 100);
    assert_int_equal(pair.receive().kind, Kind::kBlocked);
}

void large_records_fit_the_least_room(void **)
{
    Pair pair;
    std::string text(200000, 'y'), got;
    size_t sent = 0;
    while (got.size() < text.size()) {
        int wrote = sent < text.size()
                        ? SSL_write(pair.client, text.data() + sent, static_cast<int>(std::min<size_t>(16384, text.size() - sent)))
                        : 0;
        sent += wrote > 0 ? static_cast<size_t>(wrote) : 0;
        IoResult result = pair.receive();
        assert_int_not_equal(result.kind, Kind::kFailed);
        assert_int_equal(result.code == wm::Transport::kMore, 0);
        if (result.kind == Kind::kDone)
            got.append(pair.room, result.size);
    }
    assert_true(got == text);
}

void few_key_updates_are_answered(void **)
{
    Pair pair;
    for (int i = 0; i < 5; i++)
        pair.update_keys();
    assert_int_equal(pair.receive().kind, Kind::kBlocked);
    assert_int_equal(SSL_write(pair.client, "after", 5), 5);
    assert_int_equal(pair.receive().size, 5);
    assert_int_equal(pair.send("answer").size, 6);
    assert_string_equal(pair.read().c_str(), "answer");
}

void a_flood_of_key_updates_ends_the_connection(void **)
{
    Pair pair;
    for (int i = 0; i < 100; i++)
        pair.update_keys();
    IoResult result = pair.receive();
    assert_int_equal(result.kind, Kind::kFailed);
    assert_int_equal(result.code, WM_ETLS);
    assert_string_equal(wm::last_error(), "the peer sends TLS records without data");
}

void answers_that_are_not_read_end_the_connection(void **)
{
    Pair pair;
    std::string text(1 << 16, 'x');
    while (pair.send(text).kind == Kind::kDone)
        ;
    assert_true(pair.transport->parked() > 0);
    IoResult result = {Kind::kBlocked, 0, 0};
    for (int i = 0; i < 10000 && result.kind == Kind::kBlocked; i++) {
        pair.update_keys();
        result = pair.receive();
        assert_true(pair.transport->parked() <= kMostParked);
    }
    assert_int_equal(result.kind, Kind::kFailed);
    assert_string_equal(wm::last_error(), "the peer asks for TLS messages and reads none");
}

void an_end_behind_data_comes_after_it(void **)
{
    Pair pair;
    assert_int_equal(SSL_write(pair.client, "last", 4), 4);
    SSL_shutdown(pair.client);
    IoResult result = pair.receive();
    assert_int_equal(result.kind, Kind::kDone);
    assert_int_equal(result.code, wm::Transport::kMore);
    assert_int_equal(result.size, 4);
    result = pair.receive();
    assert_int_equal(result.kind, Kind::kEnd);
    assert_int_equal(result.code, 0);
}

/// A man in the middle who breaks a record must not be heard in clear.
void a_failure_behind_data_comes_after_it_and_nothing_is_received_in_clear(void **)
{
    Pair pair;
    assert_int_equal(SSL_write(pair.client, "last", 4), 4);
    std::string forged = "\x17\x03\x03" + std::string(1, '\0') + "\x20" + std::string(32, 'x');
    assert_int_equal(send(pair.fds[1], forged.data(), forged.size(), 0), forged.size());
    IoResult result = pair.receive();
    assert_int_equal(result.kind, Kind::kDone);
    assert_int_equal(result.code, wm::Transport::kMore);
    assert_int_equal(result.size, 4);
    (wm::fail)(WM_EINVAL, "another failure, of a call in between");
    assert_int_equal(send(pair.fds[1], "in clear", 8, 0), 8);
    for (int i = 0; i < 2; i++) {
        result = pair.receive();
        assert_int_equal(result.kind, Kind::kFailed);
        assert_int_equal(result.code, WM_ETLS);
        assert_non_null(strstr(wm::last_error(), "TLS failed: "));
    }
}

void nothing_is_received_in_clear_behind_a_handshake_that_failed(void **)
{
    Pair pair(TLS1_3_VERSION, false);
    assert_int_equal(send(pair.fds[1], "no TLS\r\n\r\n", 10, 0), 10);
    assert_int_equal(pair.transport->secure(pair.fds[0]).kind, Kind::kFailed);
    assert_int_equal(send(pair.fds[1], "forged", 6, 0), 6);
    assert_int_equal(pair.receive().kind, Kind::kBlocked);
    shutdown(pair.fds[1], SHUT_WR);
    assert_int_equal(pair.receive().kind, Kind::kEnd);
}

void an_end_without_close_notify_is_told_from_one_with_it(void **)
{
    Pair pair;
    shutdown(pair.fds[1], SHUT_WR);
    IoResult result = pair.receive();
    assert_int_equal(result.kind, Kind::kEnd);
    assert_int_equal(result.code, WM_ETLS);
}

void close_notify_leaves_before_the_end(void **)
{
    Pair pair;
    std::string text(1 << 16, 'x');
    while (pair.send(text).kind == Kind::kDone)
        ;
    pair.transport->shutdown_write(pair.fds[0]); // behind what is parked
    while (pair.transport->parked() > 0) {
        pair.read();
        pair.transport->flush(pair.fds[0]);
    }
    pair.read();
    assert_int_equal(SSL_get_shutdown(pair.client) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
    char none;
    assert_int_equal(recv(pair.fds[1], &none, 1, 0), 0);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_reader_has_one_record_parked),
        cmocka_unit_test(small_vectors_share_a_record),
        cmocka_unit_test(all_that_has_come_is_received_at_once),
        cmocka_unit_test(large_records_fit_the_least_room),
        cmocka_unit_test(few_key_updates_are_answered),
        cmocka_unit_test(a_flood_of_key_updates_ends_the_connection),
        cmocka_unit_test(answers_that_are_not_read_end_the_connection),
        cmocka_unit_test(an_end_behind_data_comes_after_it),
        cmocka_unit_test(a_failure_behind_data_comes_after_it_and_nothing_is_received_in_clear),
        cmocka_unit_test(nothing_is_received_in_clear_behind_a_handshake_that_failed),
        cmocka_unit_test(an_end_without_close_notify_is_told_from_one_with_it),
        cmocka_unit_test(close_notify_leaves_before_the_end),
    };
    return cmocka_run_group_tests_name("tls_transport", tests, nullptr, nullptr);
}
