#include "hub/engine/redis/redis_error.h"

#include <algorithm>

namespace wm::redis {

namespace {

constexpr size_t kMaxTold = 200; // bytes of the server's own text

constexpr struct {
    std::string_view prefix;
    std::string_view advice;
    bool lasts;
    bool moved;
} kRows[] = {
    {"NOAUTH", "the server wants a password: give it with the engine's URL or its password file", true, false},
    {"WRONGPASS", "the user or the password is wrong, or the user is disabled", true, false},
    {"ERR invalid password", "the password is wrong", true, false},
    {"ERR Client sent AUTH", "the server has no password: leave it out, or set requirepass", true, false},
    {"ERR AUTH <password> called", "the server has no password: leave it out, or set requirepass", true, false},
    {"ERR wrong number of arguments for 'auth'", "users are of Redis 6 and later: give the password alone", true, false},
    {"NOPERM", "the user may not do it: ACL SETUSER with &wm:* +subscribe +publish +ssubscribe +spublish +info +role +cluster|slots", true,
     false},
    {"DENIED", "the server is in protected mode: set a password, or bind it to an address of its own", true, false},
    {"OOM", "the server's memory is full: raise its maxmemory, or remove keys", true, false},
    {"MISCONF", "the server cannot save to its disk, and takes no writes: see its log", true, false},
    {"READONLY", "the server is a replica: name the master, or use redis+sentinel://", false, true},
    {"NOREPLICAS", "the server takes no writes without its replicas (min-replicas-to-write)", true, false},
    {"LOADING", "the server reads its data, and serves when it is done", false, false},
    {"MASTERDOWN", "the server is a replica that has lost its master", false, true},
    {"BUSY", "the server runs a script that takes long", false, false},
    {"MOVED", "the cluster has moved the channel to another server", false, true},
    {"ASK", "the cluster is moving the channel to another server", false, true},
    {"CLUSTERDOWN", "the cluster does not serve: see CLUSTER INFO", false, true},
    {"TRYAGAIN", "the cluster is moving the channel to another server", false, true},
    {"ERR max number of clients", "the server has its maxclients", false, false},
    {"ERR This instance has cluster support disabled", "the server is no node of a cluster: use redis:// or redis+sentinel://", true,
     false},
    {"ERR unknown command", "the server does not know the command: its version is too old, or it renames or forbids the command", true,
     false},
};

} // namespace

Cause explain(std::string_view error)
{
    std::string told(error.substr(0, kMaxTold));
    std::replace_if(
        told.begin(), told.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }, ' ');
    for (const auto &row : kRows)
        if (error.starts_with(row.prefix))
            return {std::string(row.advice) + " (" + told + ")", row.lasts, row.moved};
    return {"the server refuses: " + told, false, false};
}

bool wants_login(std::string_view error)
{
    return error.starts_with("NOAUTH") || error.starts_with("ERR operation not permitted");
}

} // namespace wm::redis
