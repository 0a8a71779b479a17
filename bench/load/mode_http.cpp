// HTTP/1.1 keep-alive: GET requests, a fixed body as the answer to each.

#include <cstring>

#include "exchange.h"
#include "http_answer.h"
#include "modes.h"

namespace wm::load {
namespace {

class HttpWire : public Wire {
public:
    explicit HttpWire(const Options &options)
        : request_("GET " + options.path + " HTTP/1.1\r\nHost: localhost\r\n\r\n"), body_(options.body), targets_(options.targets)
    {
        if (targets_ > 1)
            request_.insert(kTarget + 1, kDigits, '0');
    }

    size_t wire_size() const override { return request_.size(); }

    char *encode(char *out, uint32_t, uint64_t) override
    {
        if (targets_ > 1)
            next_target();
        std::memcpy(out, request_.data(), request_.size());
        return out + request_.size();
    }

    Reply next(const char *data, size_t size, std::string *) override
    {
        HttpAnswer answer = reader_.read({data, size});
        if (answer.problem != nullptr)
            return {Reply::Kind::kBroken, 0, nullptr, 0, answer.problem};
        if (answer.consumed == 0)
            return {};
        status_ = answer.status;
        return {Reply::Kind::kMessage, answer.consumed, answer.body.data(), answer.body.size(), nullptr};
    }

    // Answers have no number: HTTP/1.1 orders them (RFC 9112 §9.3.2). They are counted, and each is compared in full.
    void check(const Reply &reply, uint32_t connection, uint64_t issued, OrderCheck *order, Tally *tally) override
    {
        std::string_view body(reply.data, reply.size);
        uint64_t number = order->next();
        if (number >= issued)
            return tally->add(Fault::kDuplicate, "connection " + std::to_string(connection) + ": an answer to no request");
        order->arrive(number);
        if (status_ != 200)
            tally->add(Fault::kRefused, "connection " + std::to_string(connection) + ": status " + std::to_string(status_));
        else if (body != body_)
            tally->add(Fault::kWrongBytes,
                       "connection " + std::to_string(connection) + ": another body of " + std::to_string(body.size()) + " bytes");
    }

private:
    static constexpr size_t kTarget = 4;
    static constexpr size_t kDigits = 7;

    void next_target()
    {
        target_ = (target_ + 1) % targets_;
        uint32_t rest = target_;
        for (size_t i = kDigits; i > 0; i--, rest /= 10)
            request_[kTarget + i] = static_cast<char>('0' + rest % 10);
    }

    std::string request_;
    std::string body_;
    uint32_t targets_;
    uint32_t target_ = 0;
    HttpAnswerReader reader_;
    int status_ = 0;
};

} // namespace

int run_http(const Options &options)
{
    HttpWire wire(options);
    return Exchange(options, &wire).run();
}

} // namespace wm::load
