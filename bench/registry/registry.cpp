/**
 * @file
 * What bench/cluster measures hubs against: pushes by a registry in Redis, as a program does them that has no library for that.
 *
 *     bench_registry PORT CONNECTIONS DEPTH SECONDS ENGINE_PID
 *
 * A hash has the node of each uid. The origin, this process, runs a script for each push, which looks up the node and publishes the line
 * there; the owner, a child, gets it and publishes an acknowledgement to the origin. DEPTH pushes leave in one write, CONNECTIONS such
 * batches are under way, and the next of each leaves when all of the last are acknowledged. The script's replies are checked, and the order
 * of the acknowledgements. Prints JSON: processor time of the engine, the origin and the owner in the measured part. Exit 1 on any fault.
 */
#include <hiredis/hiredis.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

namespace {

constexpr uint32_t kUids = 100;
constexpr size_t kLineBytes = 64;
constexpr double kWarmUp = 0.1; // of the whole, as wm-load's
constexpr int kSilenceMs = 10'000;
constexpr const char *kScript = "local node = redis.call('HGET', KEYS[1], ARGV[1])\n"
                                "if not node then return 0 end\n"
                                "return redis.call('PUBLISH', 'registry:' .. node, ARGV[2])";

[[noreturn]] __attribute__((format(printf, 1, 2))) void die(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    std::fputs("bench_registry: ", stderr);
    std::vfprintf(stderr, format, values);
    std::fputc('\n', stderr);
    va_end(values);
    std::exit(1);
}

using Reply = std::unique_ptr<redisReply, decltype(&freeReplyObject)>;

/// A connection to the engine. Commands leave with flush(); an error of the connection ends the program.
class Engine {
public:
    explicit Engine(int port) : context_(redisConnect("127.0.0.1", port))
    {
        if (context_ == nullptr || context_->err != 0)
            die("no engine at port %d", port);
    }
    ~Engine() { redisFree(context_); }
    Engine(const Engine &) = delete;
    Engine &operator=(const Engine &) = delete;

    Reply ask(const std::vector<std::string> &words)
    {
        append(words);
        void *reply = nullptr;
        check(redisGetReply(context_, &reply));
        return checked(reply);
    }

    void append(const std::vector<std::string> &words)
    {
        std::array<const char *, 8> data{};
        std::array<size_t, 8> sizes{};
        for (size_t i = 0; i < words.size(); i++) {
            data[i] = words[i].data();
            sizes[i] = words[i].size();
        }
        check(redisAppendCommandArgv(context_, static_cast<int>(words.size()), data.data(), sizes.data()));
    }

    void flush()
    {
        for (int done = 0; done == 0;)
            check(redisBufferWrite(context_, &done));
    }

    void read() { check(redisBufferRead(context_)); }

    /// The next reply that has been read; none: nullptr.
    Reply next()
    {
        void *reply = nullptr;
        check(redisGetReplyFromReader(context_, &reply));
        return reply == nullptr ? Reply(nullptr, freeReplyObject) : checked(reply);
    }

    int fd() const { return context_->fd; }

private:
    void check(int result) const
    {
        if (result != REDIS_OK)
            die("connection: %s", context_->errstr);
    }

    static Reply checked(void *raw)
    {
        Reply reply(static_cast<redisReply *>(raw), freeReplyObject);
        if (reply->type == REDIS_REPLY_ERROR)
            die("%s", reply->str);
        return reply;
    }

    redisContext *context_;
};

/// The text of a message of a subscription.
std::string text_of(const redisReply &message)
{
    if (message.type != REDIS_REPLY_ARRAY || message.elements != 3 || message.element[2]->type != REDIS_REPLY_STRING)
        die("no message of a subscription");
    return {message.element[2]->str, message.element[2]->len};
}

double now_seconds()
{
    timespec at{};
    clock_gettime(CLOCK_MONOTONIC, &at);
    return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) / 1e9;
}

/// Processor time of a process with one thread that works.
double processor_ns(pid_t pid)
{
    std::string path = "/proc/" + std::to_string(pid) + "/schedstat";
    std::unique_ptr<FILE, int (*)(FILE *)> file(std::fopen(path.c_str(), "re"), std::fclose);
    std::array<char, 128> text{};
    if (file == nullptr || std::fgets(text.data(), text.size(), file.get()) == nullptr)
        die("cannot read %s", path.c_str());
    return std::strtod(text.data(), nullptr);
}

/// The process that has the pages: acknowledges what it gets, all that one read has brought in one write. Ends with the origin.
[[noreturn]] void be_owner(int port, int ready)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    Engine lines(port);
    Engine acks(port);
    lines.ask({"SUBSCRIBE", "registry:owner"});
    if (write(ready, "!", 1) != 1)
        die("the origin has gone");
    std::array<pollfd, 2> ports{{{lines.fd(), POLLIN, 0}, {acks.fd(), POLLIN, 0}}};
    while (poll(ports.data(), ports.size(), -1) > 0) {
        if (ports[1].revents != 0) {
            acks.read();
            while (acks.next() != nullptr) {
            }
        }
        if (ports[0].revents == 0)
            continue;
        lines.read();
        while (Reply message = lines.next()) {
            std::string text = text_of(*message);
            acks.append({"PUBLISH", "registry:origin", text.substr(0, text.find(';'))});
        }
        acks.flush();
    }
    die("poll: %s", std::strerror(errno));
}

/// Pushes that one connection would have sent.
struct Sender {
    uint64_t sent = 0;
    uint64_t acknowledged = 0;
};

class Origin {
public:
    Origin(int port, uint32_t connections, uint32_t depth) : commands_(port), acks_(port), senders_(connections), depth_(depth)
    {
        acks_.ask({"SUBSCRIBE", "registry:origin"});
        script_ = commands_.ask({"SCRIPT", "LOAD", kScript})->str;
        for (uint32_t uid = 0; uid < kUids; uid++)
            commands_.ask({"HSET", "registry", "uid" + std::to_string(uid), "owner"});
    }

    /// Pushes for that long, to the last acknowledgement; their number.
    uint64_t push_for(double seconds)
    {
        uint64_t before = acknowledged_;
        end_ = now_seconds() + seconds;
        for (uint32_t index = 0; index < senders_.size(); index++)
            start(index);
        commands_.flush();
        while (waiting_ > 0)
            turn();
        return acknowledged_ - before;
    }

private:
    void start(uint32_t index)
    {
        for (uint32_t i = 0; i < depth_; i++) {
            uint64_t number = senders_[index].sent++;
            std::string line = std::to_string(index) + " " + std::to_string(number) + ";";
            line.resize(kLineBytes, 'x');
            commands_.append({"EVALSHA", script_, "1", "registry", "uid" + std::to_string((index + number) % kUids), line});
        }
        waiting_++;
    }

    void turn()
    {
        std::array<pollfd, 2> ports{{{commands_.fd(), POLLIN, 0}, {acks_.fd(), POLLIN, 0}}};
        if (poll(ports.data(), ports.size(), kSilenceMs) <= 0)
            die("no reply for %d ms", kSilenceMs);
        if (ports[0].revents != 0) {
            commands_.read();
            while (Reply reply = commands_.next())
                if (reply->type != REDIS_REPLY_INTEGER || reply->integer != 1)
                    die("a line that not one node got");
        }
        if (ports[1].revents == 0)
            return;
        acks_.read();
        while (Reply message = acks_.next())
            take_ack(text_of(*message));
        commands_.flush();
    }

    void take_ack(const std::string &text)
    {
        char *end = nullptr;
        uint64_t index = std::strtoull(text.c_str(), &end, 10);
        uint64_t number = std::strtoull(end, nullptr, 10);
        if (index >= senders_.size() || number != senders_[index].acknowledged)
            die("an acknowledgement out of order: %s", text.c_str());
        Sender &sender = senders_[index];
        acknowledged_++;
        if (++sender.acknowledged < sender.sent)
            return;
        waiting_--;
        if (now_seconds() < end_)
            start(static_cast<uint32_t>(index));
    }

    Engine commands_;
    Engine acks_;
    std::vector<Sender> senders_;
    uint32_t depth_;
    uint32_t waiting_ = 0; ///< senders with a batch under way
    uint64_t acknowledged_ = 0;
    double end_ = 0;
    std::string script_;
};

pid_t start_owner(int port)
{
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0)
        die("pipe: %s", std::strerror(errno));
    pid_t owner = fork();
    if (owner < 0)
        die("fork: %s", std::strerror(errno));
    if (owner == 0)
        be_owner(port, ends[1]);
    close(ends[1]);
    char ready = 0;
    if (read(ends[0], &ready, 1) != 1)
        die("the owner did not start");
    close(ends[0]);
    return owner;
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 6) {
        std::fputs("usage: bench_registry PORT CONNECTIONS DEPTH SECONDS ENGINE_PID\n", stderr);
        return 2;
    }
    int port = std::atoi(argv[1]);
    double seconds = std::strtod(argv[4], nullptr);
    pid_t owner = start_owner(port);
    Origin origin(port, static_cast<uint32_t>(std::atoi(argv[2])), static_cast<uint32_t>(std::atoi(argv[3])));
    const std::array<pid_t, 3> pids{std::atoi(argv[5]), getpid(), owner};
    const std::array<const char *, 3> names{"engine", "origin", "owner"};

    origin.push_for(seconds * kWarmUp);
    std::array<double, 3> before{};
    for (size_t i = 0; i < pids.size(); i++)
        before[i] = processor_ns(pids[i]);
    double start = now_seconds();
    uint64_t pushes = origin.push_for(seconds * (1 - kWarmUp));
    double elapsed = now_seconds() - start;
    std::printf("{\"messages\":%llu,\"messages_per_second\":%.1f,\"ns\":{", static_cast<unsigned long long>(pushes),
                static_cast<double>(pushes) / elapsed);
    for (size_t i = 0; i < pids.size(); i++)
        std::printf("%s\"%s\":%.0f", i == 0 ? "" : ",", names[i], processor_ns(pids[i]) - before[i]);
    std::puts("}}");
    kill(owner, SIGKILL);
    waitpid(owner, nullptr, 0);
    return 0;
}
