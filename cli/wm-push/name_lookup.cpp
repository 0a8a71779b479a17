#include "wm-push/name_lookup.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace wm {

namespace {

/// Shared by the one who waits and the one who asks; whoever goes last frees
/// it.
struct Question {
    std::string host;
    std::string port;
    std::mutex mutex;
    std::condition_variable answered;
    bool done = false;
    int code = 0;
    AddressList list;
};

int ask(const std::string &host, const std::string &port, int flags, AddressList &out)
{
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV | flags;
    addrinfo *list = nullptr;
    int code = getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
    out.reset(list);
    return code;
}

} // namespace

int look_up(const std::string &host, const std::string &port, std::chrono::steady_clock::time_point deadline, AddressList &out)
{
    // A numeric address needs no name server, and no thread.
    if (ask(host, port, AI_NUMERICHOST, out) == 0)
        return 0;
    auto question = std::make_shared<Question>();
    question->host = host;
    question->port = port;
    std::thread asker([question] {
        AddressList list;
        int code = ask(question->host, question->port, 0, list);
        std::lock_guard lock(question->mutex);
        question->list = std::move(list);
        question->code = code;
        question->done = true;
        question->answered.notify_one();
    });
    std::unique_lock lock(question->mutex);
    bool in_time = question->answered.wait_until(lock, deadline, [&] { return question->done; });
    lock.unlock();
    if (!in_time) {
        asker.detach(); // still asking: it ends with the program, or by itself
        return EAI_AGAIN;
    }
    asker.join();
    out = std::move(question->list);
    return question->code;
}

} // namespace wm
