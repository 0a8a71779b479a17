// Names: the hosts file, DNS servers that answer, refuse, are silent or gone, and a configuration that changes. The server is a socket of
// the test; resolv.conf may name its port.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>

#include "core/error.h"
#include "core/loop.h"
#include "net/resolver.h"

#include <arpa/inet.h>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <memory>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm;

constexpr int64_t kGuardMs = 60000; // of tests that hang, not a measurement
enum : uint16_t { kA = 1, kAaaa = 28 };
enum : uint16_t { kFine = 0, kNoSuchName = 3, kRefused = 5 };

/// A DNS server that answers what `answer` says.
class Server {
public:
    Server()
    {
        fd_ = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        struct sockaddr_in in = {};
        in.sin_family = AF_INET;
        in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        assert_int_equal(bind(fd_, reinterpret_cast<struct sockaddr *>(&in), sizeof in), 0);
        socklen_t len = sizeof in;
        getsockname(fd_, reinterpret_cast<struct sockaddr *>(&in), &len);
        address = "127.0.0.1:" + std::to_string(ntohs(in.sin_port));
    }
    ~Server() { close(fd_); }

    void pump()
    {
        char packet[512];
        struct sockaddr_in from;
        socklen_t len = sizeof from;
        ssize_t got;
        while ((got = recvfrom(fd_, packet, sizeof packet, 0, reinterpret_cast<struct sockaddr *>(&from), &len)) > 0) {
            std::string reply = reply_to({packet, static_cast<size_t>(got)});
            if (!reply.empty())
                sendto(fd_, reply.data(), reply.size(), 0, reinterpret_cast<struct sockaddr *>(&from), len);
        }
    }

    std::string address;
    std::vector<std::string> asked; ///< "A name", "AAAA name"
    uint16_t code = kFine;
    std::vector<std::string> v4, v6;
    bool silent = false, silent_v6 = false, silent_v4 = false, truncated = false;

private:
    std::string reply_to(const std::string &query)
    {
        std::string name;
        size_t at = 12;
        while (query[at] != 0) {
            name += (name.empty() ? "" : ".") + query.substr(at + 1, static_cast<size_t>(query[at]));
            at += 1 + static_cast<size_t>(query[at]);
        }
        for (char &c : name)
            c = static_cast<char>(tolower(c));
        uint16_t type = static_cast<uint16_t>(static_cast<unsigned char>(query[at + 2]));
        asked.push_back((type == kA ? "A " : "AAAA ") + name);
        if (silent || (silent_v6 && type == kAaaa) || (silent_v4 && type == kA))
            return "";
        const auto &addresses = type == kA ? v4 : v6;
        std::string out = query.substr(0, at + 5);
        out[2] = static_cast<char>(0x81 | (truncated ? 0x02 : 0));
        out[3] = static_cast<char>(0x80 | code);
        out[7] = static_cast<char>(code == kFine ? addresses.size() : 0);
        for (const std::string &text : addresses) {
            char bytes[16];
            inet_pton(type == kA ? AF_INET : AF_INET6, text.c_str(), bytes);
            uint16_t size = type == kA ? 4 : 16;
            const char head[] = {'\xc0', 12, 0, static_cast<char>(type), 0, 1, 0, 0, 0, 60, 0, static_cast<char>(size)};
            out.append(head, sizeof head).append(bytes, size);
        }
        return out;
    }

    int fd_;
};

struct Answer {
    bool there = false;
    std::vector<std::string> addresses;
    std::string error;
};

class Rig {
public:
    Rig() : directory_(make_directory()), resolver(loop, resolv_conf(), hosts())
    {
        assert_int_equal(loop.open([](void *) {}, [](void *self) { static_cast<Rig *>(self)->resolver.run(); }, this), 0);
    }
    ~Rig()
    {
        unlink(resolv_conf().c_str());
        unlink(hosts().c_str());
        rmdir(directory_.c_str());
    }

    std::string resolv_conf() const { return directory_ + "/resolv.conf"; }
    std::string hosts() const { return directory_ + "/hosts"; }
    static void write(const std::string &path, const std::string &text)
    {
        unlink(path.c_str());
        int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_int_equal(::write(fd, text.data(), text.size()), text.size());
        close(fd);
    }
    void use(const Server &server, const std::string &more = "options timeout:0.05 attempts:2\n")
    {
        write(resolv_conf(), "nameserver " + server.address + "\n" + more);
    }

    static void answered(void *answer, const std::vector<SocketAddress> &addresses, const std::string &error)
    {
        auto &self = *static_cast<Answer *>(answer);
        assert_false(self.there);
        self.there = true;
        self.error = error;
        for (const SocketAddress &address : addresses) {
            char ip[INET6_ADDRSTRLEN];
            format_ip(address.storage, ip);
            self.addresses.push_back(ip);
        }
    }

    void turn(Server *server)
    {
        loop.set_due(resolver.due_ms());
        loop.turn(2);
        if (server)
            server->pump();
    }
    void until(Server *server, const std::function<bool()> &done)
    {
        int64_t guard = Loop::clock_ms() + kGuardMs;
        while (!done()) {
            assert_true(Loop::clock_ms() < guard);
            turn(server);
        }
    }
    Answer look_up(Server *server, const std::string &name)
    {
        Answer answer;
        Resolver::Question question(&Rig::answered, &answer);
        assert_int_equal(resolver.ask(question, name), 0);
        assert_false(answer.there);
        until(server, [&] { return answer.there; });
        return answer;
    }
    /// Until evdns and its sockets have gone.
    void until_idle(Server *server)
    {
        until(server, [&] { return resolver.due_ms() == Loop::kNever; });
        assert_string_equal(resolver.servers().c_str(), "no server");
    }

private:
    static std::string make_directory()
    {
        char directory[] = "/tmp/wm-resolver-XXXXXX";
        assert_non_null(mkdtemp(directory));
        return directory;
    }

    std::string directory_;

public:
    Loop loop;
    Resolver resolver;
};

using Names = std::vector<std::string>;

void a_name_of_the_hosts_file_asks_no_server(void **)
{
    Rig rig;
    Server server;
    rig.use(server);
    Rig::write(rig.hosts(), "# comment\n192.0.2.7 one Two.Example # three\n\n::1\ttwo.example\r\nnonsense four\n192.0.2.8 two.example");
    assert_true(rig.look_up(&server, "one").addresses == Names{"192.0.2.7"});
    assert_true((rig.look_up(&server, "TWO.example").addresses == Names{"192.0.2.7", "::1", "192.0.2.8"}));
    assert_true(server.asked.empty());
    Rig::write(rig.hosts(), "192.0.2.9 one\n");
    assert_true(rig.look_up(&server, "one").addresses == Names{"192.0.2.9"});
    rig.until_idle(&server);
}

void the_families_come_in_turn(void **)
{
    Rig rig;
    Server server;
    rig.use(server);
    server.v4 = {"192.0.2.1", "192.0.2.2", "192.0.2.3"};
    server.v6 = {"2001:db8::1"};
    assert_true((rig.look_up(&server, "db.example").addresses == Names{"2001:db8::1", "192.0.2.1", "192.0.2.2", "192.0.2.3"}));
    assert_int_equal(server.asked.size(), 2);
    rig.until_idle(&server);
}

void one_family_does_not_wait_long_for_the_other(void **)
{
    Rig rig;
    Server server;
    rig.use(server, "options timeout:30\n");
    server.v4 = {"192.0.2.1"};
    server.silent_v6 = true;
    assert_true(rig.look_up(&server, "db.example").addresses == Names{"192.0.2.1"});
}

void an_empty_answer_of_one_family_waits_for_the_other(void **)
{
    Rig rig;
    Server server;
    rig.use(server, "options timeout:30\n");
    server.silent_v4 = true;
    Answer answer;
    Resolver::Question question(&Rig::answered, &answer);
    assert_int_equal(rig.resolver.ask(question, "db.example"), 0);
    int64_t end = Loop::clock_ms() + 200;
    rig.until(&server, [&] { return Loop::clock_ms() > end; });
    assert_false(answer.there);
}

void what_fails_says_why(void **)
{
    const struct {
        uint16_t code;
        bool silent, truncated;
        const char *text;
    } rows[] = {
        {kNoSuchName, false, false, "db.example: there is no such host (asked "},
        {kFine, false, false, "db.example: the host has no IPv4 or IPv6 address (asked "},
        {kRefused, false, false, "db.example: the DNS server refuses to answer (asked "},
        {kFine, false, true, "db.example: the answer of the DNS server is too long (asked "},
        {kFine, true, false, "db.example: no DNS server has answered in time (asked "},
    };
    for (const auto &row : rows) {
        Rig rig;
        Server server;
        rig.use(server);
        server.code = row.code;
        server.silent = row.silent;
        server.truncated = row.truncated;
        Answer answer = rig.look_up(&server, "db.example");
        assert_true(answer.addresses.empty());
        assert_string_equal(answer.error.c_str(), (row.text + server.address + ")").c_str());
        rig.until_idle(&server);
    }
}

void a_configuration_that_is_missing_asks_the_local_host(void **)
{
    Rig rig;
    Answer answer;
    Resolver::Question question(&Rig::answered, &answer);
    assert_int_equal(rig.resolver.ask(question, "db.example"), 0);
    assert_string_equal(rig.resolver.servers().c_str(), "127.0.0.1:53");
}

void a_configuration_that_changes_counts_for_the_next_question(void **)
{
    Rig rig;
    Server silent, server;
    silent.silent = true;
    rig.use(silent, "options timeout:30\n");
    Answer first, second;
    Resolver::Question early(&Rig::answered, &first), late(&Rig::answered, &second);
    assert_int_equal(rig.resolver.ask(early, "db.example"), 0);
    rig.turn(&silent);
    rig.use(server);
    server.v4 = {"192.0.2.1"};
    assert_int_equal(rig.resolver.ask(late, "db.example"), 0);
    rig.until(&server, [&] { return second.there; });
    assert_true(second.addresses == Names{"192.0.2.1"});
    assert_false(first.there);
}

void the_next_server_is_asked_when_one_is_silent(void **)
{
    Rig rig;
    Server silent, server;
    silent.silent = true;
    server.v4 = {"192.0.2.1"};
    Rig::write(rig.resolv_conf(),
               "nameserver " + silent.address + "\nnameserver " + server.address + "\noptions timeout:0.05 attempts:4\n");
    Answer answer;
    Resolver::Question question(&Rig::answered, &answer);
    assert_int_equal(rig.resolver.ask(question, "db.example"), 0);
    rig.until(&server, [&] {
        silent.pump();
        return answer.there;
    });
    assert_true(answer.addresses == Names{"192.0.2.1"});
}

void search_domains_are_tried(void **)
{
    Rig rig;
    Server server;
    rig.use(server, "search corp.example\n");
    server.v4 = {"192.0.2.1"};
    assert_int_equal(rig.look_up(&server, "db").addresses.size(), 1);
    assert_string_equal(server.asked[0].c_str(), "AAAA db.corp.example");
    assert_string_equal(server.asked[1].c_str(), "A db.corp.example");
    server.asked.clear();
    assert_int_equal(rig.look_up(&server, "db.").addresses.size(), 1);
    for (const std::string &asked : server.asked)
        assert_null(strstr(asked.c_str(), "corp"));
}

void many_questions_for_one_name_are_one_to_the_server(void **)
{
    Rig rig;
    Server server;
    rig.use(server);
    server.v4 = {"192.0.2.1"};
    std::vector<Answer> answers(1000);
    std::vector<std::unique_ptr<Resolver::Question>> questions;
    for (Answer &answer : answers) {
        questions.push_back(std::make_unique<Resolver::Question>(&Rig::answered, &answer));
        assert_int_equal(rig.resolver.ask(*questions.back(), "db.example"), 0);
    }
    for (size_t i = 0; i < 10; i++)
        questions[i].reset(); // withdrawn
    rig.until(&server, [&] { return answers[999].there && answers[10].there; });
    assert_false(answers[9].there);
    assert_int_equal(server.asked.size(), 2);
    rig.until_idle(&server);
}

void bad_names_are_refused(void **)
{
    Rig rig;
    Server server;
    rig.use(server);
    Answer answer;
    Resolver::Question question(&Rig::answered, &answer);
    assert_int_equal(rig.resolver.ask(question, std::string(70, 'x') + ".example"), WM_EDNS);
    assert_int_equal(rig.resolver.ask(question, std::string(300, 'x')), WM_EDNS);
    assert_false(question.pending());
}

/// A child frees its copy: the parent's question is answered all the same.
void a_forked_child_takes_nothing_from_its_parent(void **)
{
    Rig rig;
    Server server;
    rig.use(server, "options timeout:30\n");
    server.v4 = {"192.0.2.1"};
    Answer answer;
    Resolver::Question question(&Rig::answered, &answer);
    assert_int_equal(rig.resolver.ask(question, "db.example"), 0);
    rig.turn(nullptr);
    pid_t child = fork();
    if (child == 0) {
        rig.resolver.abandon();
        rig.loop.abandon();
        _exit(rig.resolver.due_ms() == Loop::kNever ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    rig.until(&server, [&] { return answer.there; });
    assert_true(answer.addresses == Names{"192.0.2.1"});
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_of_the_hosts_file_asks_no_server),
        cmocka_unit_test(the_families_come_in_turn),
        cmocka_unit_test(one_family_does_not_wait_long_for_the_other),
        cmocka_unit_test(an_empty_answer_of_one_family_waits_for_the_other),
        cmocka_unit_test(what_fails_says_why),
        cmocka_unit_test(a_configuration_that_is_missing_asks_the_local_host),
        cmocka_unit_test(a_configuration_that_changes_counts_for_the_next_question),
        cmocka_unit_test(the_next_server_is_asked_when_one_is_silent),
        cmocka_unit_test(search_domains_are_tried),
        cmocka_unit_test(many_questions_for_one_name_are_one_to_the_server),
        cmocka_unit_test(bad_names_are_refused),
        cmocka_unit_test(a_forked_child_takes_nothing_from_its_parent),
    };
    return cmocka_run_group_tests_name("net_resolver", tests, nullptr, nullptr);
}
