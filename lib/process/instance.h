/**
 * @file
 * An instance: its name and its files. A master runs if its pid file is locked; the kernel releases the lock
 * however the master dies, so no file is ever stale. Without a name given, the files are named after the
 * program and its place: a program of the same name in another directory is another instance.
 */
#ifndef WM_PROCESS_INSTANCE_H
#define WM_PROCESS_INSTANCE_H

#include "core/fd.h"
#include "core/file_at.h"
#include "process/file_place.h"
#include "process/holder.h"
#include "process/program_file.h"
#include "worker/options.h"

#include <string>
#include <sys/types.h>
#include <vector>

namespace wm {

/// The rule of --name: 1-64 of A-Z a-z 0-9 . _ -, not beginning with '.' or '-', because files are named
/// after it.
bool is_app_name(const std::string &name);

class Instance {
public:
    /// From the options, the --name of a command line and the words of that line, the program first. 0, or a
    /// WM_E... code with its detail.
    int resolve(const AppOptions &options, const std::string &name, const std::vector<std::string> &words);

    /// As texts show it: not always the name of its files.
    const std::string &name() const { return name_; }
    /// The absolute path of the program, escaped.
    const std::string &program() const { return program_; }
    const std::string &run_dir() const { return run_dir_; }
    const std::string &pid_path() const { return pid_path_; }
    /// What its files are named after.
    const std::string &file_name() const { return file_name_; }
    /// Where commands look for it: its run_dir, or the pid file of option pid_file.
    const std::string &place() const { return own_pid_file_ ? pid_path_ : run_dir_; }
    const std::string &program_file() const { return program_file_.path(); }
    const std::string &socket_path() const { return socket_path_; }
    /// The log of an instance in the background without option log_file.
    std::string default_log() const { return run_dir_ + "/" + file_name_ + ".log"; }

    /// Makes run_dir. 0, or a WM_E... code with its detail.
    int make_run_dir() const;
    /// Whether run_dir, if there is one, can be trusted. 0, or a WM_E... code with its detail.
    int check_run_dir() const;

    enum class Lock { kTaken, kRunning, kFailed };
    /// Locks the pid file, writes the program file, and then this process's id into the pid file. kFailed with
    /// the detail in last_error(). Waits for a master that is dying.
    Lock lock();
    /// With the lock: whether the last master was killed, so that its children may still be ending.
    bool follows_killed() const { return follows_killed_; }
    /// Updates the times of the files, as cleaners of temporary directories remove old ones.
    void touch() const;
    /// With the lock: recreates the pid file, the program file and run_dir if they were removed. The result is
    /// that of the pid file.
    Restored restore();
    /// Removes both files and ends the lock.
    void unlock();
    /// In a child: closes the descriptor, and leaves file and lock to the master.
    void forget() { lock_.reset(); }

    /// The master that holds the lock.
    Holder holder() const { return read_holder(pid_path_, program_file(), true); }
    pid_t running() const { return holder().pid; }

    /// The error text of a second start.
    std::string already_running(pid_t pid) const;

    /// The error text of a command that must not reach that master, because it runs another program; empty: it
    /// may. A --name that ends with the hash of the holder's place means this holder: it reaches it from any
    /// program, but does not let another program replace it (`replaces`).
    std::string other_program(const Holder &holder, bool replaces) const;

private:
    Lock try_lock();
    Lock replace(const FileAt &file, const Fd &old) const;
    Lock cannot(const char *what) const;
    bool write_files(int fd);
    std::string default_run_dir(bool *own) const;
    Place place_of_pid_file(int fd) const;

    std::string name_;
    std::string file_name_;
    std::string program_;
    std::vector<std::string> words_; ///< of its command line
    std::string run_dir_;
    std::string pid_path_;
    ProgramFile program_file_;
    std::string socket_path_;
    bool given_name_ = false;   ///< by --name
    bool own_pid_file_ = false; ///< set by option pid_file: the same for every name
    bool private_dir_ = false;  ///< in /tmp: only this user may have access
    bool follows_killed_ = false;
    Fd lock_;
};

} // namespace wm

#endif
