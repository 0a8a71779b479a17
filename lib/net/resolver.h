/**
 * @file
 * Looks host names up without blocking: in the hosts file, then by DNS, IPv6 and IPv4 at once. libevent's evdns asks the servers; it
 * exists only while questions are out, and each burst of them reads the configuration anew.
 *
 * Every question ends: the servers' timeouts are those of resolv.conf(5), by default three times two seconds. The loop's thread.
 */
#ifndef WM_NET_RESOLVER_H
#define WM_NET_RESOLVER_H

#include "core/loop.h"
#include "net/address.h"
#include "net/file_stamp.h"
#include "net/hosts_file.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct evdns_base;
struct evdns_request;

namespace wm {

class Resolver {
public:
    explicit Resolver(Loop &loop, std::string resolv_conf = "/etc/resolv.conf", std::string hosts = "/etc/hosts");
    Resolver(const Resolver &) = delete;
    Resolver &operator=(const Resolver &) = delete;
    ~Resolver();

    struct Lookup;

    /// What is asked. Freed before its answer, it is withdrawn.
    class Question {
    public:
        /// Called by run(), at most once for each ask(): the addresses, in the order in which they are to be tried and with port 0, or
        /// none and why ("NAME: why").
        using Answered = void (*)(void *owner, const std::vector<SocketAddress> &addresses, const std::string &error);

        Question(Answered answered, void *owner) : answered_(answered), owner_(owner) {}
        Question(const Question &) = delete;
        Question &operator=(const Question &) = delete;
        ~Question() { withdraw(); }

        void withdraw();
        bool pending() const { return lookup_; }

    private:
        friend class Resolver;
        Answered answered_;
        void *owner_;
        Lookup *lookup_ = nullptr;
    };

    /// Asks; the answer comes with run(), also where it is known. 0, or WM_EDNS, WM_ENOMEM or WM_EMFILE with a detail.
    int ask(Question &question, const std::string &name);
    /// The servers that are asked, for texts.
    std::string servers() const;

    /// When run() is to be called; Loop::kNever: no question is out.
    int64_t due_ms() const;
    void run();
    /// In a child of fork(2): frees it without a change to what the parent's loop watches. No answers come.
    void abandon();

private:
    /// The servers that a state of the configuration file names.
    struct Servers {
        evdns_base *base = nullptr;
        FileStamp stamp;
        size_t lookups = 0;
    };

    static void got(int result, char type, int count, int ttl, void *addresses, void *request);
    int begin(Question &question, const std::string &name);
    Servers *current_servers();
    Lookup *find(const std::string &name, const Servers *servers) const;
    bool query(Lookup &lookup, const std::string &name);
    void deliver(Lookup &lookup);
    void free_done();
    void close(bool abandoned);

    Loop &loop_;
    std::string resolv_conf_;
    HostsFile hosts_;
    std::vector<std::unique_ptr<Servers>> servers_; ///< the last: for new questions
    std::vector<std::unique_ptr<Lookup>> lookups_;
    bool run_due_ = false; ///< there is something to deliver, or libevent has something to run
};

} // namespace wm

#endif
