#include "wm-serve/ticket_store.h"

#include "wm-serve/base64url.h"

#include <cstring>
#include <iterator>
#include <new>
#include <openssl/evp.h>

namespace wm::serve {

namespace {

/// The Unix time of an end as 8 bytes, the highest first.
void append_time(std::string &bytes, int64_t time_s)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        bytes += static_cast<char>(static_cast<uint64_t>(time_s) >> shift & 0xff);
}

int64_t read_time(std::string_view bytes)
{
    uint64_t time = 0;
    for (char byte : bytes)
        time = time << 8 | static_cast<unsigned char>(byte);
    return static_cast<int64_t>(time);
}

} // namespace

Ticket read_ticket(std::string_view text, TicketScratch &scratch)
{
    auto bytes = decode_base64url(text, scratch);
    if (!bytes || bytes->size() <= kTicketHead)
        return {};
    return {*bytes, bytes->substr(kTicketHead), read_time(bytes->substr(kTicketRandom, sizeof(int64_t)))};
}

/// The digest is as good as random: any bytes of it are.
size_t TicketStore::Hash::operator()(const Digest &digest) const
{
    size_t hash;
    std::memcpy(&hash, digest.data(), sizeof hash);
    return hash;
}

/// False when out of memory.
bool TicketStore::digest_of(std::string_view bytes, Digest &digest)
{
    return EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) == 1;
}

void TicketStore::drop_due(int64_t now_ms)
{
    for (; !issued_.empty() && issued_.front().due_ms <= now_ms; issued_.pop_front())
        index_.erase(issued_.front().digest);
}

std::string TicketStore::issue(std::string_view uid, const TicketRandom &random, int64_t now_ms, int64_t end_s)
{
    drop_due(now_ms);
    if (index_.size() >= most_)
        return "";
    std::string bytes(random.data(), random.size());
    append_time(bytes, end_s);
    bytes += uid;
    std::string text = encode_base64url(bytes);
    Issued issued = {{}, now_ms + ttl_ms_};
    if (!digest_of(bytes, issued.digest))
        throw std::bad_alloc();
    issued_.push_back(issued);
    try {
        index_.emplace(issued.digest, std::prev(issued_.end()));
    } catch (const std::bad_alloc &) {
        issued_.pop_back();
        throw;
    }
    return text;
}

bool TicketStore::take(std::string_view bytes, int64_t now_ms) noexcept
{
    drop_due(now_ms);
    Digest digest;
    auto found = digest_of(bytes, digest) ? index_.find(digest) : index_.end();
    if (found == index_.end())
        return false;
    issued_.erase(found->second);
    index_.erase(found);
    return true;
}

} // namespace wm::serve
