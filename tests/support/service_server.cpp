/**
 * @file
 * A server with a service, for the tests of services: it links the internals, as no public function adds one.
 *
 *   service_server [--app OPTION=VALUE]... [--worker ADDRESS[,OPTION=VALUE]...]... [--service NAME=PATH]... [--fail-file PATH]
 * [--settings-file PATH] [--unready-file PATH] -- COMMAND...
 *
 * The service listens at the unix socket PATH, writes "NAME PID" to each connection, and closes it. It cannot serve while the file of
 * --fail-file is there. With --settings-file its settings are the machine's number and what that file has, and it writes them behind its
 * pid. With --unready-file it tells at its start, and again at each connection, that it is not ready for the reason in that file, and
 * reports that reason. A worker answers each message with its pid, and "ready" with that, or why a service is not.
 */
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <wm/wm.h>

#include "core/error.h"
#include "core/event_watch.h"
#include "core/fd.h"
#include "net/address.h"
#include "worker/app.h"
#include "worker/handles.h"
#include "worker/process_link.h"
#include "worker/service_report.h"

namespace {

wm_app *app;
const char *fail_file;
const char *settings_file;
const char *unready_file;
bool pull;

void die(const char *what)
{
    fprintf(stderr, "service_server: %s: %s\n", what, wm_last_error());
    exit(2);
}

/// Of a short file; nothing where there is none.
std::optional<std::string> text_of(const char *path)
{
    wm::Fd file(open(path, O_RDONLY | O_CLOEXEC));
    char text[256];
    ssize_t len = file ? read(file.get(), text, sizeof text) : -1;
    return len < 0 ? std::nullopt : std::optional(std::string(text, static_cast<size_t>(len)));
}

struct Greeter {
    std::string name, path, settings;
    wm::Fd listener;
    wm::EventWatch watch;

    wm::App *its_app = nullptr;

    void tell() const
    {
        if (!unready_file)
            return;
        std::string why = text_of(unready_file).value_or("");
        its_app->link->set_unready(why);
        wm::ServiceReport report;
        report.tables = {{"state", true, {"number", "truth", "none", "why"}, {{int64_t{-7}, why.empty(), std::monostate(), why}}},
                         {"machines", false, {"name"}, {{std::string("a\tb")}, {std::string("\x1b[31m")}}}};
        if (!its_app->link->report(report.encode()))
            perror("report");
    }

    static void acceptable(Greeter *self)
    {
        self->tell();
        wm::Fd fd(accept4(self->listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
        std::string text = self->name + " " + std::to_string(getpid()) + self->settings;
        if (fd && write(fd.get(), text.data(), text.size()) < 0)
            perror("write");
    }

    static int start(wm::App &its_app, void *user)
    {
        Greeter &self = *static_cast<Greeter *>(user);
        if (fail_file && access(fail_file, F_OK) == 0)
            return wm::fail(WM_ESTATE, "%s is there", fail_file);
        self.its_app = &its_app;
        self.tell();
        if (int result = its_app.link->settings(self.settings))
            return result;
        wm::SocketAddress address;
        if (int result = wm::make_unix_address(self.path, address))
            return result;
        unlink(self.path.c_str());
        self.listener.reset(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (bind(self.listener.get(), address.get(), address.len) != 0 || listen(self.listener.get(), 64) != 0)
            return wm::fail(WM_ESYS, "cannot listen at %s: %s", self.path.c_str(), strerror(errno));
        self.watch.arm_read<&Greeter::acceptable>(its_app.reactor.loop, self.listener.get(), &self);
        return 0;
    }
};

int make_settings(const wm::App &, uint64_t machine, std::string &out)
{
    std::optional<std::string> text = text_of(settings_file);
    if (!text)
        return wm::fail(WM_ESYS, "cannot read %s: %s", settings_file, strerror(errno));
    out = " " + std::to_string(machine) + " " + *text;
    return 0;
}

/// "NAME=VALUE" of an option, to the worker, or to the app if that is nullptr.
void set_option(wm_worker *worker, const std::string &pair)
{
    size_t equals = pair.find('=');
    std::string name = pair.substr(0, equals), value = pair.substr(equals + 1);
    char *end;
    long long number = strtoll(value.c_str(), &end, 10);
    bool text = *end != '\0' || value.empty();
    int result = worker ? (text ? wm_worker_set_str(worker, name.c_str(), value.c_str()) : wm_worker_set_int(worker, name.c_str(), number))
                        : (text ? wm_app_set_str(app, name.c_str(), value.c_str()) : wm_app_set_int(app, name.c_str(), number));
    if (result != 0)
        die(pair.c_str());
    pull = pull || (!worker && pair == "pull=1");
}

void on_message(wm_worker *, wm_conn conn, const void *data, size_t len, int32_t, void *)
{
    std::string text = std::to_string(getpid());
    if (std::string_view(static_cast<const char *>(data), len) == "ready")
        text = wm::object(app)->link->unready().empty() ? "ready" : wm::object(app)->link->unready();
    wm_conn_send(conn, text.data(), text.size(), 0);
}

void add_worker(std::string_view spec)
{
    size_t comma = spec.find(',');
    wm_worker *worker = wm_worker_new(app, std::string(spec.substr(0, comma)).c_str());
    if (!worker)
        die("--worker");
    while (comma != std::string_view::npos) {
        spec.remove_prefix(comma + 1);
        comma = spec.find(',');
        set_option(worker, std::string(spec.substr(0, comma)));
    }
    wm_worker_on_message(worker, pull ? nullptr : on_message, nullptr, nullptr);
}

void add_service(const std::string &spec)
{
    static Greeter *greeters[8]; // for the life of the process
    static size_t count = 0;
    if (count == sizeof greeters / sizeof *greeters)
        die("--service");
    Greeter *greeter = greeters[count++] = new Greeter;
    greeter->name = spec.substr(0, spec.find('='));
    greeter->path = spec.substr(spec.find('=') + 1);
    wm::Service service = {greeter->name, &Greeter::start, greeter};
    service.settings = settings_file ? make_settings : nullptr;
    wm::object(app)->add_service(service);
}

int serve_by_poll()
{
    wm_event events[16];
    int count;
    while ((count = wm_app_poll(app, events, 16, -1)) >= 0)
        for (int i = 0; i < count; i++)
            if (events[i].kind == WM_EVENT_MESSAGE)
                on_message(nullptr, events[i].conn, "", 0, 0, nullptr);
    return count == WM_ESTOPPED ? 0 : 1;
}

} // namespace

int main(int argc, char **argv)
{
    int at = 1;
    app = wm_app_new();
    for (; at + 1 < argc && strcmp(argv[at], "--") != 0; at += 2) {
        std::string_view flag = argv[at];
        if (flag == "--app")
            set_option(nullptr, argv[at + 1]);
        else if (flag == "--worker")
            add_worker(argv[at + 1]);
        else if (flag == "--service")
            add_service(argv[at + 1]);
        else if (flag == "--fail-file")
            fail_file = argv[at + 1];
        else if (flag == "--settings-file")
            settings_file = argv[at + 1];
        else if (flag == "--unready-file")
            unready_file = argv[at + 1];
        else if (flag != "--trace")
            die(argv[at]);
    }
    if (at < argc)
        argv[at] = argv[0];
    else
        at = argc - 1;
    int code = wm_app_main(app, argc - at, argv + at);
    if (code == WM_CHILD)
        code = serve_by_poll();
    wm_app_free(app);
    return code;
}
