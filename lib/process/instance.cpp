#include "process/instance.h"

#include "core/error.h"
#include "core/file_at.h"
#include "process/process_state.h"
#include "process/program.h"
#include "proto/ascii.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace wm {

namespace {

constexpr size_t kMaxName = 64;
constexpr int kDyingMs = 1000;
constexpr mode_t kPidMode = 0600; // other users could lock it (see is_private)

/// The program's file name, with characters replaced that no name may have.
std::string name_of_program(std::string name)
{
    name.erase(0, name.rfind('/') == std::string::npos ? 0 : name.rfind('/') + 1);
    for (char &c : name)
        if (!is_app_name(std::string("x") + c))
            c = '_';
    if (!is_app_name(name.substr(0, 1)))
        name.insert(0, "wm");
    return name.substr(0, kMaxName);
}

/// "-" and eight digits (FNV-1a of 64 bits, folded): part of file names, so the same in every version.
std::string hash_of_place(const std::string &program)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (char c : program)
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    char text[16];
    snprintf(text, sizeof text, "-%08x", static_cast<unsigned>((hash >> 32) ^ (hash & UINT32_MAX)));
    return text;
}

/// The beginning of a name, and a hash: no longer than a name.
std::string name_with_hash(const std::string &name, const std::string &hash)
{
    return name.substr(0, kMaxName - hash.size()) + hash;
}

/// For the program file of a pid file elsewhere: after the pid file, as programs with names of their own may
/// share it, and one name may have several.
std::string name_of_place(const std::string &path)
{
    return name_with_hash(path.substr(path.rfind('/') + 1), hash_of_place(path));
}

bool try_lock_file(const Fd &fd)
{
    struct flock lock = whole_file(F_WRLCK);
    return fcntl(fd.get(), F_OFD_SETLK, &lock) == 0;
}

/// The type of a lock of others on the file that is in the way of such a lock; F_UNLCK: there is none.
short lock_against(const Fd &fd, short type)
{
    struct flock lock = whole_file(type);
    return fcntl(fd.get(), F_OFD_GETLK, &lock) == 0 ? lock.l_type : short{F_UNLCK};
}

struct PidFile {
    bool has_content = false;
    bool is_alone = false; ///< no other name leads to it: a link to another file may have taken its place
    bool is_private =
        false; ///< no other user can have it open, now or from before: one that has may lock it for reading, which blocks every start
};

PidFile examine(const Fd &fd)
{
    struct stat status;
    if (fstat(fd.get(), &status) != 0)
        return {};
    bool alone = S_ISREG(status.st_mode) && status.st_nlink == 1;
    return {status.st_size > 0, alone, alone && status.st_uid == geteuid() && !(status.st_mode & 077)};
}

} // namespace

bool is_app_name(const std::string &name)
{
    if (name.empty() || name.size() > 64 || name[0] == '.' || name[0] == '-')
        return false;
    return std::all_of(name.begin(), name.end(),
                       [](char c) { return ascii::is(c, ascii::kAlpha | ascii::kDigit) || c == '.' || c == '_' || c == '-'; });
}

std::string Instance::default_run_dir(bool *own) const
{
    *own = false;
    if (geteuid() == 0)
        return "/run/wm";
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (runtime && runtime[0] == '/')
        return std::string(runtime) + "/wm";
    *own = true;
    return "/tmp/wm-" + std::to_string(geteuid());
}

int Instance::resolve(const AppOptions &options, const std::string &name, const std::vector<std::string> &words)
{
    words_ = words;
    std::string first = words.empty() ? "" : words[0];
    program_ = escaped(program_path(first)).substr(0, kMaxProgram);
    given_name_ = !name.empty();
    name_ = given_name_ ? name : !options.name.empty() ? options.name : name_of_program(first);
    std::string hash = given_name_ || !options.name.empty() ? "" : hash_of_place(program_);
    file_name_ = name_with_hash(name_, hash);
    if (!is_app_name(name_))
        return fail(WM_EINVAL, "bad name '%s': 1 to 64 of A-Z a-z 0-9 . _ -, not beginning with . or -", name_.c_str());
    run_dir_ = options.run_dir.empty() ? default_run_dir(&private_dir_) : options.run_dir;
    if (run_dir_[0] != '/')
        return fail(WM_EINVAL, "run_dir '%s' is not absolute", run_dir_.c_str());
    while (run_dir_.size() > 1 && run_dir_.back() == '/')
        run_dir_.pop_back();
    if (!options.pid_file.empty() && options.pid_file[0] != '/')
        return fail(WM_EINVAL, "pid_file '%s' is not absolute", options.pid_file.c_str());
    own_pid_file_ = !options.pid_file.empty();
    std::string default_pid_path = run_dir_ + "/" + file_name_ + ".pid";
    pid_path_ = own_pid_file_ ? options.pid_file : default_pid_path;
    program_file_ = ProgramFile(run_dir_ + "/" + (pid_path_ == default_pid_path ? file_name_ : name_of_place(pid_path_)) + ".program");
    socket_path_ = run_dir_ + "/" + file_name_ + ".sock";
    if (socket_path_.size() >= sizeof(sockaddr_un::sun_path))
        return fail(WM_EINVAL, "path of the control socket is too long, at most %zu bytes: %s (option run_dir)",
                    sizeof(sockaddr_un::sun_path) - 1, socket_path_.c_str());
    return 0;
}

int Instance::make_run_dir() const
{
    if (!make_directories(run_dir_, geteuid() == 0 ? 0755 : 0700))
        return fail(code_of_errno(errno), "cannot make the directory %s: %s (option run_dir)", run_dir_.c_str(), strerror(errno));
    return check_run_dir();
}

int Instance::check_run_dir() const
{
    struct stat status;
    if (lstat(run_dir_.c_str(), &status) != 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? 0
                   : fail(code_of_errno(errno), "cannot use the directory %s: %s", run_dir_.c_str(), strerror(errno));
    if (private_dir_ && (!S_ISDIR(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & 022)))
        return fail(WM_EACCES, "the directory %s is not this user's alone: remove it, or set option run_dir", run_dir_.c_str());
    return 0;
}

/// Whether the path still leads to the open file: a master that ends removes it, and a lock on a removed file
/// means nothing.
Place Instance::place_of_pid_file(int fd) const
{
    return place_of(pid_path_, FileIdentity::of(fd));
}

std::string Instance::already_running(pid_t pid) const
{
    std::string text = "already running (pid " + std::to_string(pid) + ")";
    return text + (own_pid_file_ ? ": it holds the pid file " + pid_path_ : "; --name starts another beside it");
}

std::string Instance::other_program(const Holder &holder, bool replaces) const
{
    bool meant = given_name_ && !replaces && name_.ends_with(hash_of_place(holder.program));
    if (holder.pid <= 0 || holder.program.empty() || holder.program == program_ || meant)
        return "";
    std::string what = own_pid_file_ ? "the pid file " + pid_path_ + " is held by " : "the name belongs to ";
    return what + holder.program + " (pid " + std::to_string(holder.pid) + "), and this is " + program_ + ": nothing was done; " +
           (own_pid_file_ ? "each program needs a pid_file of its own" : "--name tells them apart");
}

Instance::Lock Instance::lock()
{
    Lock result = try_lock();
    for (int waited = 0; result == Lock::kRunning && waited < kDyingMs; waited++) {
        pid_t pid = running();
        if (pid > 0 && !is_dying(pid))
            break;
        usleep(1000);
        result = try_lock();
    }
    return result;
}

Instance::Lock Instance::try_lock()
{
    follows_killed_ = false;
    for (bool replaced = false;;) { // once: there are filesystems on which every file is everybody's
        FileAt file(pid_path_);
        Fd fd = file ? file.open(O_RDWR | O_CREAT, kPidMode) : Fd();
        if (!fd)
            return cannot("write");
        bool locked = try_lock_file(fd);
        if (!locked && errno != EAGAIN && errno != EACCES)
            return cannot("lock");
        if (!locked && lock_against(fd, F_WRLCK) != F_RDLCK)
            return Lock::kRunning;
        PidFile found = examine(fd);
        bool serves = found.is_private || (replaced && found.is_alone);
        if (locked && place_of_pid_file(fd.get()) != Place::kOurs)
            continue;
        follows_killed_ = follows_killed_ || found.has_content; // an orderly end removes it
        if (replaced && (!locked || !serves)) {
            fail(WM_EACCES, "the pid file %s is %s: remove it", pid_path_.c_str(),
                 locked ? "a link to another file" : "locked for reading, which no master does");
            return Lock::kFailed;
        }
        if (!locked) {
            if (Lock result = replace(file, fd); result != Lock::kTaken)
                return result;
        } else if (!serves && !file.remove()) { // of another user, or of an older version
            return cannot("replace");
        }
        replaced = true;
        if (!locked || !serves)
            continue;
        if (!write_files(fd.get())) {
            file.remove(FileIdentity::of(fd.get()));
            return Lock::kFailed;
        }
        lock_ = std::move(fd);
        return Lock::kTaken;
    }
}

/// For a pid file that another user has locked for reading, as an older version has left it for all to read; then no master
/// holds it. Puts an empty file in its place. kTaken: it, or another start, has.
Instance::Lock Instance::replace(const FileAt &file, const Fd &old) const
{
    constexpr int kNew = O_RDWR | O_CREAT | O_EXCL;
    FileAt fresh(pid_path_ + ".new");
    Fd fd = fresh ? fresh.open(kNew, kPidMode) : Fd();
    if (!fd && errno == EEXIST) { // of a start that was killed, or of one that is about to
        Fd left = fresh.open(O_RDWR);
        if (left && !try_lock_file(left))
            return Lock::kRunning;
        fresh.remove();
        fd = fresh.open(kNew, kPidMode);
    }
    if (!fd)
        return cannot("replace");
    if (!try_lock_file(fd))
        return Lock::kRunning; // another start is about to
    if (place_of_pid_file(old.get()) != Place::kOurs)
        return Lock::kTaken;
    if (!fresh.rename(file.name()))
        return cannot("replace");
    if (lock_against(old, F_RDLCK) != F_WRLCK)
        return Lock::kTaken;
    file.remove(FileIdentity::of(fd.get())); // the lock came free after all, and another start has it: it makes its file again
    return Lock::kRunning;
}

Instance::Lock Instance::cannot(const char *what) const
{
    int number = errno;
    fail(number == EACCES ? int{WM_EACCES} : code_of_errno(number), "cannot %s the pid file %s: %s", what, pid_path_.c_str(),
         strerror(number));
    return Lock::kFailed;
}

/// The pid last: a reader that sees it sees the program of its process.
bool Instance::write_files(int fd)
{
    std::string text = std::to_string(getpid()) + "\n";
    bool done = fchmod(fd, kPidMode) == 0 && ftruncate(fd, 0) == 0;
    if (done && program_file_.write(program_text(program_, words_)) != 0)
        return false;
    if (done && pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()))
        return true;
    fail(WM_ESYS, "cannot write the pid file %s: %s", pid_path_.c_str(), strerror(errno));
    program_file_.remove();
    return false;
}

void Instance::touch() const
{
    for (const std::string &path : {pid_path_, program_file(), socket_path_})
        if (FileAt file(path); file)
            file.touch();
}

Restored Instance::restore()
{
    if (make_run_dir() != 0)
        return Restored::kLost;
    if (place_of_pid_file(lock_.get()) == Place::kOurs) {
        if (!program_file_.is_ours())
            program_file_.write(program_text(program_, words_)); // without it commands refuse nothing
        return Restored::kIntact;
    }
    Lock result = try_lock(); // the file there now may be unlocked
    if (result == Lock::kTaken)
        return Restored::kMadeAgain;
    if (result == Lock::kRunning)
        fail(WM_EACCES, "the pid file %s belongs to another process now", pid_path_.c_str());
    return Restored::kLost;
}

void Instance::unlock()
{
    if (lock_)
        program_file_.remove();
    if (FileAt file(pid_path_); lock_ && file)
        file.remove(FileIdentity::of(lock_.get())); // unless another master has replaced it
    lock_.reset();
}

} // namespace wm
