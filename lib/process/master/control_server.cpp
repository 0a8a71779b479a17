#include "process/master/control_server.h"

#include "core/error.h"
#include "net/address.h"
#include "net/socket_file.h"
#include "process/packet.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

namespace wm {

namespace {

constexpr size_t kMaxClients = 64;
constexpr int64_t kAskMs = 5000; // deadline of a request
constexpr size_t kMaxRequest = 4096;
constexpr int kBacklog = 64;
constexpr mode_t kMode = 0600;
constexpr int kDyingMs = 1000;
constexpr int64_t kPauseMs = 200; // without accepting, when descriptors have run out

std::vector<std::string> words_of(const char *text, size_t len)
{
    std::vector<std::string> words;
    const char *end = text + len;
    while (text < end) {
        const char *stop = std::find(text, end, '\n');
        words.emplace_back(text, stop);
        text = stop + (stop != end);
    }
    return words;
}

/// Whether another process listens there. As this one holds the lock, that is a master with another pid file.
/// Waits for one that is dying.
bool is_served(const SocketAddress &address)
{
    for (int waited = 0; waited < kDyingMs; waited++) {
        Fd probe(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (!probe || (connect(probe.get(), address.get(), address.len) != 0 && errno != EAGAIN))
            return false;
        usleep(1000);
    }
    return true;
}

} // namespace

int ControlServer::open(const std::string &path)
{
    SocketAddress address;
    if (int result = make_unix_address(path, address))
        return result;
    if (is_served(address))
        return fail(WM_ESTATE, "another master process answers at the control socket %s: --name starts this one beside it", path.c_str());
    listener_.reset(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    FileAt file(path);
    if (file)
        file.remove(); // of a master that was killed, or a link
    // bind() gives the file the mode of the unbound socket, so that it is never wider.
    bool done = file && listener_ && fchmod(listener_.get(), kMode) == 0 && bind_socket(listener_.get(), file) &&
                (file_ = set_socket_mode(file, kMode)).known() && listen(listener_.get(), kBacklog) == 0;
    if (!done) {
        int code = fail(code_of_errno(errno), "cannot open the control socket %s: %s", path.c_str(), strerror(errno));
        listener_.reset();
        return code;
    }
    path_ = path;
    watch_.arm_read<&ControlServer::acceptable>(loop_, listener_.get(), this);
    return 0;
}

Restored ControlServer::restore()
{
    Place place = listener_ ? place_of(path_, file_) : Place::kMissing;
    if (place == Place::kOurs)
        return Restored::kIntact;
    if (place == Place::kForeign) {
        fail(WM_EACCES, "the control socket %s belongs to another process now", path_.c_str());
        return Restored::kLost;
    }
    watch_.disarm();
    accept_at_ms_ = Loop::kNever;
    return open(path_) == 0 ? Restored::kMadeAgain : Restored::kLost;
}

void ControlServer::close()
{
    watch_.disarm();
    accept_at_ms_ = Loop::kNever;
    if (FileAt file(path_); listener_ && file)
        file.remove(file_); // unless another process has replaced it
    listener_.reset();
}

void ControlServer::forget()
{
    listener_.reset();
    clients_.clear();
    dropped_.clear();
}

void ControlServer::acceptable(ControlServer *self)
{
    self->accept_one();
}

void ControlServer::accept_one()
{
    dropped_.clear();
    Fd fd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
        watch_.disarm();
        accept_at_ms_ = loop_.now_ms() + kPauseMs;
    }
    if (!fd)
        return;
    if (clients_.size() >= kMaxClients) {
        refuse(fd.get());
        return;
    }
    auto client = std::make_unique<Client>();
    client->server = this;
    client->id = next_id_++;
    client->fd = std::move(fd);
    client->until_ms = loop_.now_ms() + kAskMs;
    client->watch.arm_read<&ControlServer::readable>(loop_, client->fd.get(), client.get());
    clients_.push_back(std::move(client));
}

/// A client over the limit gets an error and is closed before its request is read.
void ControlServer::refuse(int fd) const
{
    std::string text = static_cast<char>(Answer::kError) + name_ + ": too many commands at once: try again";
    std::string end = static_cast<char>(Answer::kEnd) + std::to_string(kExitFailed);
    if (send_packet(fd, text, -1, false))
        send_packet(fd, end, -1, false);
}

void ControlServer::readable(Client *client)
{
    ControlServer &self = *client->server;
    char request[kMaxRequest];
    size_t len = 0;
    Fd unwanted;
    PacketResult result = receive_packet(client->fd.get(), request, sizeof request, &len, unwanted, false);
    if (result == PacketResult::kNothing)
        return;
    bool first = client->until_ms != Loop::kNever;
    if (result == PacketResult::kEnd || !first) {
        self.drop(client->id); // it has closed, or breaks the protocol: one request a connection
        return;
    }
    client->until_ms = Loop::kNever;
    self.handler_.asked(client->id, words_of(request, len));
}

ControlServer::Client *ControlServer::find(uint64_t id)
{
    for (auto &client : clients_)
        if (client->id == id)
            return client.get();
    return nullptr;
}

void ControlServer::drop(uint64_t id)
{
    for (auto at = clients_.begin(); at != clients_.end(); ++at) {
        if ((*at)->id != id)
            continue;
        (*at)->watch.disarm();
        (*at)->fd.reset();
        dropped_.push_back(std::move(*at));
        clients_.erase(at);
        return;
    }
}

/// Drops a client that does not read its answers: the master never waits.
bool ControlServer::send(Client &client, const std::string &packet, int fd)
{
    if (send_packet(client.fd.get(), packet, fd, false))
        return true;
    drop(client.id);
    return false;
}

void ControlServer::answer(uint64_t id, Answer kind, const std::string &text)
{
    if (Client *client = find(id))
        send(*client, static_cast<char>(kind) + text, -1);
}

bool ControlServer::answer_file(uint64_t id, const std::string &content)
{
    Client *client = find(id);
    if (!client)
        return true; // the client has closed
    Fd file(memfd_create("wm-answer", MFD_CLOEXEC));
    size_t at = 0;
    while (file && at < content.size()) {
        ssize_t written = write(file.get(), content.data() + at, content.size() - at);
        if (written <= 0)
            break;
        at += static_cast<size_t>(written);
    }
    if (at == content.size() && file)
        return send(*client, std::string(1, static_cast<char>(Answer::kFile)), file.get());
    answer(id, Answer::kError, name_ + ": no memory or descriptor for the answer: " + strerror(errno));
    return false;
}

void ControlServer::end(uint64_t id, int exit_code)
{
    answer(id, Answer::kEnd, std::to_string(exit_code));
    drop(id);
}

int64_t ControlServer::expire(int64_t now_ms)
{
    if (accept_at_ms_ <= now_ms && listener_) {
        accept_at_ms_ = Loop::kNever;
        watch_.arm_read<&ControlServer::acceptable>(loop_, listener_.get(), this);
    }
    int64_t next = accept_at_ms_;
    std::vector<uint64_t> late;
    for (auto &client : clients_) {
        if (client->until_ms <= now_ms)
            late.push_back(client->id);
        else
            next = std::min(next, client->until_ms);
    }
    for (uint64_t id : late)
        drop(id);
    return next;
}

} // namespace wm
