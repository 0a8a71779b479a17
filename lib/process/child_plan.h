/**
 * @file
 * What a child is to run, and its descriptors: inherited in memory over fork(2), in the environment over
 * exec(3).
 */
#ifndef WM_PROCESS_CHILD_PLAN_H
#define WM_PROCESS_CHILD_PLAN_H

#include "core/status_page.h"

#include <cstddef>
#include <string>
#include <sys/types.h>
#include <vector>

namespace wm {

/// A listening socket that the master keeps for a child.
struct KeptSocket {
    int fd = -1;
    std::string address;     ///< as the worker was given it
    bool shared = false;     ///< other children accept from it too
    bool unlistened = false; ///< closed by the host, which may listen again
};

/// The certificates and keys of a worker, in a file of make_key_file().
struct KeptKeys {
    int fd = -1;
    size_t place = 0; ///< of the worker, as ChildPlan::place
    std::string name; ///< of the worker
};

/// An access log, opened by the master.
struct KeptLog {
    int fd = -1;
    std::string path; ///< as the option has it
};

struct ChildPlan {
    static constexpr int kService = -1;

    size_t place = 0; ///< among the app's workers, or its services, in the order in which they were made
    int index = 0;    ///< among the processes of that worker; kService: it is a service's
    size_t page = 0;  ///< of the shared memory
    pid_t master = 0;
    uint64_t node = 0;  ///< of this process, for others of the program (worker/peers.h): of no other of this master, but for a service
    uint64_t epoch = 0; ///< of the node: grows with each process of a service
    int others = 0;     ///< there are processes that it has to know of before it can say that none has something; else 0
    std::string name;   ///< of the worker or service

    int channel = -1;
    int pages = -1;            ///< the shared memory
    int log = -1;              ///< -1: none
    int settings = -1;         ///< of a service, in a sealed file; -1: none
    int output = -1;           ///< for standard output and standard error once it serves; -1: as they are
    int32_t console_level = 0; ///< from this level on the log goes to standard error too
    std::vector<KeptSocket> sockets;
    std::vector<KeptKeys> keys;
    std::vector<KeptLog> access_logs;

    /// The variables for an exec of this very process, "NAME=VALUE"; the descriptors have to stay open over
    /// it.
    std::vector<std::string> environment() const;
    /// Reads and removes the variables, and makes the descriptors close-on-exec. False: a master did not
    /// start this process; a child of its child may have inherited the variables.
    bool from_environment();
    std::vector<int> descriptors() const;
};

} // namespace wm

#endif
