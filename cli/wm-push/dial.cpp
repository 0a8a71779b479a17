#include "wm-push/dial.h"

#include "shared/inner_proof.h"
#include "shared/printable.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <string_view>

namespace wm {

namespace {

using std::chrono::milliseconds;

constexpr size_t kMaxAnswerBytes = 512;

/// The lines of the proof, one after the other.
class Proof {
public:
    Proof(Connection &connection, const Destination &to, milliseconds timeout, Connection::Clock::time_point deadline)
        : connection_(connection), to_(to), timeout_(timeout), deadline_(deadline)
    {}

    bool give(Failure &failure)
    {
        std::string own = make_nonce(), answer;
        if (own.empty())
            return fail(failure, kExitUnreachable, "there are no random numbers for a proof");
        if (!ask(auth_line("nonce", own), answer, failure))
            return false;
        if (answer == "fail") // an answer to a line that it does not know
            return connection_.is_local() || fail(failure, kExitNotPermitted, to_.address.text + kNoSecret);
        std::string theirs(read_auth_answer(answer, "nonce"));
        if (theirs.empty())
            return refuse(answer, failure);
        if (!ask(auth_line("mac", make_proof(to_.secret, Prover::kClient, own, theirs)), answer, failure))
            return false;
        std::string_view mac = read_auth_answer(answer, "mac");
        if (mac.empty())
            return refuse(answer, failure);
        return equal_in_constant_time(mac, make_proof(to_.secret, Prover::kServer, own, theirs)) ||
               fail(failure, kExitNotPermitted, to_.address.text + " does not know the secret: it is another server than it seems to be");
    }

private:
    static constexpr const char *kNoSecret =
        " has no secret, so it cannot prove to be the server that is meant; start wm-serve push there with "
        "--inner-secret-file, or give no secret here";

    static bool fail(Failure &failure, ExitCode code, const std::string &text)
    {
        failure = {code, text};
        return false;
    }

    bool refuse(const std::string &answer, Failure &failure) const
    {
        if (answer.starts_with(kAuthFailure))
            return fail(failure, kExitNotPermitted,
                        to_.address.text + " refuses the secret: is it the one of wm-serve's --inner-secret-file?");
        return fail(failure, kExitUnreachable,
                    to_.address.text + " is not the inner port of a push server: it answered \"" + printable(answer, 40) +
                        "\"; give the address of wm-serve's --inner port");
    }

    bool lost(Failure &failure) const
    {
        std::string reason = connection_.error() == 0 ? "" : std::string(" (") + std::strerror(connection_.error()) + ")";
        return fail(failure, kExitUnreachable, to_.address.text + " closed the connection before it had the proof" + reason);
    }

    bool ask(const std::string &line, std::string &answer, Failure &failure)
    {
        return send(line + "\n", failure) && receive(answer, failure);
    }

    /// A new connection has room for a line.
    bool send(const std::string &line, Failure &failure)
    {
        size_t sent = 0;
        connection_.send(line.data(), line.size(), sent);
        return sent == line.size() || lost(failure);
    }

    /// Receives one line, which nothing may be behind.
    bool receive(std::string &answer, Failure &failure)
    {
        answer.clear();
        while (answer.size() < kMaxAnswerBytes && answer.find('\n') == std::string::npos) {
            if (!wait(failure))
                return false;
            char part[kMaxAnswerBytes];
            size_t count = 0;
            if (connection_.receive(part, sizeof part, count) == Connection::Result::kClosed)
                return lost(failure);
            answer.append(part, count);
        }
        if (answer.find('\n') != answer.size() - 1)
            return refuse(answer, failure);
        answer.pop_back();
        return true;
    }

    bool wait(Failure &failure)
    {
        for (;;) {
            auto left = std::chrono::ceil<milliseconds>(deadline_ - Connection::Clock::now());
            pollfd ready{connection_.fd(), POLLIN, 0};
            int count = ::poll(&ready, 1, static_cast<int>(std::max<milliseconds::rep>(left.count(), 0)));
            if (count > 0)
                return true;
            if (count == 0)
                return fail(failure, kExitTimeout,
                            "no answer from " + to_.address.text + " to the proof within " + std::to_string(timeout_.count()) + " ms");
            if (errno != EINTR)
                return fail(failure, kExitUnreachable, "cannot wait for " + to_.address.text + ": " + std::strerror(errno));
        }
    }

    Connection &connection_;
    const Destination &to_;
    milliseconds timeout_;
    Connection::Clock::time_point deadline_;
};

} // namespace

bool dial(Connection &connection, const Destination &to, milliseconds timeout, Failure &failure)
{
    Connection::Clock::time_point deadline = Connection::Clock::now() + timeout;
    if (!connection.connect(to.address, timeout, failure))
        return false;
    if (to.secret.empty())
        return true;
    if (Proof(connection, to, timeout, deadline).give(failure))
        return true;
    connection.close();
    return false;
}

Failure secret_missing(const Destination &to)
{
    return {kExitNotPermitted, to.address.text + " asks for a secret; give the file with it: --secret-file FILE, or WM_PUSH_SECRET_FILE"};
}

} // namespace wm
