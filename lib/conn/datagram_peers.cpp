#include "conn/datagram_peers.h"

#include "conn/datagram_port.h"

#include <cstring>
#include <new>

namespace wm {

namespace {

constexpr size_t kFirstBuckets = 64;

} // namespace

// ---- a peer

DatagramPeer::~DatagramPeer()
{
    if (peers_)
        peers_->remove(*this);
}

bool DatagramPeer::remote_address(int, SocketAddress &out)
{
    out = address;
    return out.storage.ss_family != AF_UNSPEC;
}

bool DatagramPeer::local_address(int, SocketAddress &out)
{
    if (!port.local_address(out))
        return false;
    if (local.family == AF_INET)
        memcpy(&reinterpret_cast<struct sockaddr_in &>(out.storage).sin_addr, &local.ip, sizeof(struct in_addr));
    else if (local.family == AF_INET6)
        reinterpret_cast<struct sockaddr_in6 &>(out.storage).sin6_addr = local.ip;
    return true;
}

// ---- all of them

DatagramPeers::DatagramPeers()
{
    hash_.draw_secret();
}

DatagramPeers::~DatagramPeers()
{
    while (oldest_)
        remove(*oldest_);
}

uint64_t DatagramPeers::hash(const SocketAddress &address) const
{
    return hash_.of({reinterpret_cast<const char *>(&address.storage), address.len});
}

DatagramPeer *DatagramPeers::find(const SocketAddress &address)
{
    if (count_ == 0)
        return nullptr;
    uint64_t wanted = hash(address);
    for (DatagramPeer *each = bucket(wanted); each; each = each->next_) {
        bool same = each->hash_ == wanted && each->address.len == address.len;
        if (!same || memcmp(&each->address.storage, &address.storage, address.len) != 0)
            continue;
        touch(*each);
        return each;
    }
    return nullptr;
}

bool DatagramPeers::grow()
{
    std::vector<DatagramPeer *> old;
    try {
        old.resize(buckets_.empty() ? kFirstBuckets : buckets_.size() * 2);
    } catch (const std::bad_alloc &) {
        return !buckets_.empty(); // longer chains will do
    }
    old.swap(buckets_);
    for (DatagramPeer *first : old)
        while (DatagramPeer *each = first) {
            first = each->next_;
            DatagramPeer *&home = bucket(each->hash_);
            each->next_ = home;
            home = each;
        }
    return true;
}

bool DatagramPeers::add(DatagramPeer &peer)
{
    if (count_ >= buckets_.size() && !grow())
        return false;
    peer.hash_ = hash(peer.address);
    DatagramPeer *&home = bucket(peer.hash_);
    peer.next_ = home;
    home = &peer;
    peer.peers_ = this;
    push(peer);
    count_++;
    return true;
}

void DatagramPeers::remove(DatagramPeer &peer)
{
    DatagramPeer **link = &bucket(peer.hash_);
    while (*link != &peer)
        link = &(*link)->next_;
    *link = peer.next_;
    unlink(peer);
    peer.peers_ = nullptr;
    count_--;
}

void DatagramPeers::push(DatagramPeer &peer)
{
    peer.older_ = newest_;
    peer.newer_ = nullptr;
    (newest_ ? newest_->newer_ : oldest_) = &peer;
    newest_ = &peer;
}

void DatagramPeers::unlink(DatagramPeer &peer)
{
    (peer.older_ ? peer.older_->newer_ : oldest_) = peer.newer_;
    (peer.newer_ ? peer.newer_->older_ : newest_) = peer.older_;
}

} // namespace wm
