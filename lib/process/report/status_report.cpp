#include "process/report/status_report.h"

#include "process/report/decimal.h"
#include "process/report/exit_status.h"
#include "process/report/json_text.h"
#include "process/report/service_tables.h"
#include "process/report/text_table.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <string_view>
#include <sys/wait.h>

namespace wm {

namespace {

constexpr size_t kScreen = 79; // a rule is at least so long

// In the pid column of rows that belong to the process above, as in `ps f`.
constexpr std::string_view kBelow = " \\_";

/// Counts are unknown before the process has a page and after it has died.
bool has_counts(const ProcessFacts &process)
{
    return process.pid != 0 && process.state != PageState::kFree;
}

bool is_busy(const ProcessFacts &process)
{
    return !process.stopped && process.busy_ms > kBusyMs;
}

const char *state_word(const ProcessFacts &process)
{
    if (process.pid == 0)
        return "restarting";
    if (process.stopped)
        return "stopped";
    switch (process.state) {
    case PageState::kDraining:
        return "draining";
    case PageState::kStopping:
        return "stopping";
    case PageState::kServing:
        return is_busy(process) ? "busy" : "idle";
    case PageState::kFree:
    case PageState::kStarting:
        break;
    }
    return "starting";
}

const char *row_state_word(RowState state)
{
    switch (state) {
    case RowState::kListening:
        return "listening";
    case RowState::kListenFailed:
        return "listen failed";
    case RowState::kPaused:
        return "paused";
    case RowState::kConnected:
        return "connected";
    case RowState::kConnecting:
        return "connecting";
    case RowState::kDisconnected:
        return "not connected";
    case RowState::kNone:
        break;
    }
    return nullptr;
}

std::string bracketed(std::string_view words)
{
    return "[" + std::string(words) + "]";
}

std::string status_of(const ProcessFacts &process)
{
    if (process.pid == 0)
        return process.restart_ms < 0 ? "[restart]" : bracketed("restart in " + seconds(process.restart_ms));
    std::string busy = is_busy(process) ? bracketed("busy " + std::to_string(process.busy_ms / 1000) + "s") : "";
    std::string out = busy.empty() || process.state != PageState::kServing ? bracketed(state_word(process)) : "";
    if (!out.empty() && !busy.empty())
        out += " "; // it does not get on with starting or ending
    out += busy;
    if (has_counts(process) && !process.listeners.empty()) {
        RowState own = process.listeners[0].state;
        if (own == RowState::kListenFailed || own == RowState::kPaused)
            out += " " + bracketed(row_state_word(own));
    }
    return out;
}

std::string memory(uint64_t rss_bytes)
{
    return rss_bytes == 0 ? "" : decimal(static_cast<double>(rss_bytes) / (1 << 20), 2) + "M";
}

/// Whole from 10 on.
std::string rate(double qps)
{
    return decimal(qps, qps == 0 || qps >= 10 ? 0 : 1);
}

std::string local_time(int64_t unix_seconds)
{
    time_t at = static_cast<time_t>(unix_seconds);
    tm parts{};
    char text[64];
    if (unix_seconds <= 0 || localtime_r(&at, &parts) == nullptr)
        return "-";
    size_t len = strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %z", &parts);
    return {text, len};
}

ProcessFacts sum_of(const std::vector<ProcessFacts> &processes)
{
    ProcessFacts sum;
    for (const ProcessFacts &process : processes) {
        if (process.pid == 0)
            continue;
        sum.rss_bytes += process.rss_bytes;
        if (!has_counts(process))
            continue;
        sum.connections += process.connections;
        sum.send_fail += process.send_fail;
        sum.timers += process.timers;
        sum.requests += process.requests;
        sum.qps += std::isfinite(process.qps) ? process.qps : 0;
    }
    return sum;
}

size_t running(const StatusFacts &facts)
{
    return static_cast<size_t>(
        std::count_if(facts.processes.begin(), facts.processes.end(), [](const ProcessFacts &process) { return process.pid != 0; }));
}

void append_heading(std::string &out, const StatusFacts &facts)
{
    const auto known = [](const std::string &text) { return text.empty() ? std::string("-") : printable(text); };
    int64_t hours = std::max<int64_t>(facts.uptime_s, 0) / 3600;
    out += "libwm/" + known(facts.version) + "    " + known(facts.loop) + "    " + known(facts.system) + "\n";
    out += "name " + known(facts.name) + "   master " + (facts.master == 0 ? "-" : std::to_string(facts.master)) +
           (facts.daemon ? "   DAEMON mode\n" : "   foreground mode\n");
    out += "start time:" + local_time(facts.started_unix) + "   run " + std::to_string(hours / 24) + " days " + std::to_string(hours % 24) +
           " hours   load average: ";
    for (size_t i = 0; i < 3; i++)
        out += (i == 0 ? "" : ", ") + (facts.load[i] < 0 ? "-" : decimal(facts.load[i], 2));
    out += "\n" + counted(facts.workers, "worker", "workers") + "    " + counted(running(facts), "process", "processes") + "\n";
}

void append_exits(std::string &out, const StatusFacts &facts)
{
    std::vector<std::string_view> names; // in the order of the processes, then workers that have none any more
    const auto add = [&names](std::string_view name) {
        if (std::find(names.begin(), names.end(), name) == names.end())
            names.push_back(name);
    };
    for (const ProcessFacts &process : facts.processes)
        add(process.worker);
    for (const ExitCount &exit : facts.exits)
        add(exit.worker);

    TextTable table(3);
    table.cell("name").cell("exit_status").cell("exit_count");
    for (std::string_view name : names) {
        bool any = false;
        for (const ExitCount &exit : facts.exits) {
            if (exit.worker != name)
                continue;
            table.cell(name).cell(describe_exit(exit.wait_status, exit.asked)).number(exit.count);
            any = true;
        }
        if (!any)
            table.cell(name).cell("0").cell("0");
    }
    table.append_rows(out, 0, table.rows());
}

/// "[12 days left]", or what an operator has to do something about.
std::string status_of(const CertificateFacts &certificate)
{
    constexpr int64_t kDay = 24 * 60 * 60;
    if (!certificate.error.empty())
        return bracketed("the new one is not in use: " + certificate.error);
    if (certificate.left_s <= 0)
        return bracketed("has ended");
    return bracketed(counted(static_cast<uint64_t>(certificate.left_s / kDay), "day", "days") + " left");
}

void append_certificates(std::string &out, const StatusFacts &facts)
{
    if (facts.certificates.empty())
        return;
    TextTable table(4);
    table.cell("name").cell("certificate").cell("valid_until").cell("status");
    for (const CertificateFacts &certificate : facts.certificates) {
        table.cell(certificate.worker).cell(certificate.path).cell(local_time(certificate.end_unix));
        table.rest(status_of(certificate));
    }
    table.append_rows(out, 0, table.rows());
}

/// The hub's service, and processes that overlap with another one; nothing where there is one process.
void append_hub(std::string &out, const StatusFacts &facts)
{
    TextTable table(8);
    for (const char *title : {"hub", "pid", "processes", "joined", "outstanding", "requests", "suspects", "resyncs"})
        table.cell(title);
    for (const ProcessFacts &process : facts.processes) {
        const HubFacts &hub = process.hub;
        if (!has_counts(process) || hub.processes == 0)
            continue;
        table.cell(process.worker).number(static_cast<uint64_t>(process.pid));
        for (uint64_t value : {hub.processes, hub.joined, hub.outstanding, hub.requests, hub.suspects, hub.resyncs})
            table.number(value);
    }
    if (table.rows() > 1)
        table.append_rows(out, 0, table.rows());
}

void append_services(std::string &out, const StatusFacts &facts)
{
    for (const ProcessFacts &process : facts.processes)
        append_tables(out, process.report);
}

/// Workers whose peers have all read fast enough are left out.
void append_slow(std::string &out, const StatusFacts &facts)
{
    TextTable table(5);
    for (const char *title : {"slow_peers", "pid", "dropped", "replaced", "closed"})
        table.cell(title);
    for (const ProcessFacts &process : facts.processes) {
        for (const ListenerFacts &listener : process.listeners) {
            const SlowFacts &slow = listener.slow;
            if (!has_counts(process) || slow.dropped + slow.replaced + slow.closed == 0)
                continue;
            table.cell(listener.name).number(static_cast<uint64_t>(process.pid));
            table.number(slow.dropped).number(slow.replaced).number(slow.closed);
        }
    }
    if (table.rows() > 1)
        table.append_rows(out, 0, table.rows());
}

void add_number(TextTable &table, bool known, uint64_t value)
{
    known ? table.number(value) : table.cell("");
}

/// What the rows of a process and of the sum share.
void add_counts(TextTable &table, const ProcessFacts &process, bool known)
{
    for (uint64_t value : {process.connections, process.send_fail, process.timers, process.requests})
        add_number(table, known, value);
    table.cell(known ? rate(process.qps) : "");
}

void add_listener(TextTable &table, const ListenerFacts &listener, bool known)
{
    const char *state = known ? row_state_word(listener.state) : nullptr;
    table.cell(kBelow).cell("").cell(listener.address).cell(listener.name);
    add_number(table, known, listener.connections);
    table.cell("").cell("");
    add_number(table, known, listener.requests);
    table.cell("").cell(state == nullptr ? "" : bracketed(state));
}

void add_process(TextTable &table, const ProcessFacts &process)
{
    const std::vector<ListenerFacts> &listeners = process.listeners;
    process.pid == 0 ? table.cell("") : table.number(process.pid);
    table.cell(process.pid == 0 ? "" : memory(process.rss_bytes));
    table.cell(listeners.empty() ? "" : listeners[0].address).cell(process.worker);
    add_counts(table, process, has_counts(process));
    table.cell(status_of(process));
    for (size_t i = 1; i < listeners.size(); i++)
        add_listener(table, listeners[i], has_counts(process));
    if (process.workers > listeners.size())
        table.cell(kBelow).rest("workers and clients that are not listed: " + std::to_string(process.workers - listeners.size()));
}

JsonText &number_or_null(JsonText &json, bool known, uint64_t value)
{
    return known ? json.number(value) : json.null();
}

JsonText &word_or_null(JsonText &json, const char *word)
{
    return word != nullptr ? json.text(word) : json.null();
}

void json_exit(JsonText &json, const ExitCount &exit)
{
    json.open('{').key("worker").text(exit.worker).key("status").text(describe_exit(exit.wait_status));
    json.key("code");
    WIFEXITED(exit.wait_status) ? json.number(WEXITSTATUS(exit.wait_status)) : json.null();
    json.key("signal");
    WIFSIGNALED(exit.wait_status) ? json.number(WTERMSIG(exit.wait_status)) : json.null();
    json.key("asked").boolean(exit.asked).key("count").number(exit.count).close('}');
}

void json_certificate(JsonText &json, const CertificateFacts &certificate)
{
    json.open('{').key("worker").text(certificate.worker).key("path").text(certificate.path);
    number_or_null(json.key("end_unix"), certificate.end_unix >= 0, static_cast<uint64_t>(certificate.end_unix));
    json.key("error");
    certificate.error.empty() ? json.null() : json.text(certificate.error);
    json.close('}');
}

void json_memory(JsonText &json, uint64_t rss_bytes)
{
    number_or_null(json.key("rss_bytes"), rss_bytes != 0, rss_bytes);
}

void json_counts(JsonText &json, const ProcessFacts &process, bool known)
{
    number_or_null(json.key("connections"), known, process.connections);
    number_or_null(json.key("send_fail"), known, process.send_fail);
    number_or_null(json.key("timers"), known, process.timers);
    number_or_null(json.key("requests"), known, process.requests);
    json.key("qps");
    known ? json.decimal(process.qps, 2) : json.null();
}

/// null: it is not joined with others.
void json_hub(JsonText &json, const HubFacts &hub)
{
    if (hub.processes == 0) {
        json.null();
        return;
    }
    json.open('{').key("processes").number(hub.processes).key("joined").number(hub.joined).key("outstanding").number(hub.outstanding);
    json.key("requests").number(hub.requests).key("suspects").number(hub.suspects).key("resyncs").number(hub.resyncs).close('}');
}

void json_process(JsonText &json, const ProcessFacts &process)
{
    bool counts = has_counts(process);
    json.open('{').key("pid");
    process.pid == 0 ? json.null() : json.number(process.pid);
    json.key("worker").text(process.worker).key("index").number(process.index);
    if (process.service)
        json_tables(json.key("service").boolean(true).key("details"), process.report);
    json.key("status").text(state_word(process));
    number_or_null(json.key("busy_ms"), process.pid != 0, static_cast<uint64_t>(std::max<int64_t>(process.busy_ms, 0)));
    number_or_null(json.key("restart_ms"), process.pid == 0 && process.restart_ms >= 0, static_cast<uint64_t>(process.restart_ms));
    json_memory(json, process.pid == 0 ? 0 : process.rss_bytes);
    json_counts(json, process, counts);
    json_hub(json.key("hub"), counts ? process.hub : HubFacts());
    number_or_null(json.key("workers"), counts, process.workers);
    json.key("listeners").open('[');
    for (const ListenerFacts &listener : process.listeners) {
        json.open('{').key("name").text(listener.name).key("address").text(listener.address);
        word_or_null(json.key("state"), counts ? row_state_word(listener.state) : nullptr);
        number_or_null(json.key("connections"), counts, listener.connections);
        number_or_null(json.key("requests"), counts, listener.requests);
        number_or_null(json.key("shed"), counts, listener.shed);
        number_or_null(json.key("dropped"), counts, listener.slow.dropped);
        number_or_null(json.key("replaced"), counts, listener.slow.replaced);
        number_or_null(json.key("slow_closed"), counts, listener.slow.closed).close('}');
    }
    json.close(']').close('}');
}

} // namespace

std::string status_text(const StatusFacts &facts)
{
    TextTable table(10);
    for (const char *title : {"pid", "memory", "listening", "name", "connections", "send_fail", "timers", "total_request", "qps", "status"})
        table.cell(title);
    for (const ProcessFacts &process : facts.processes)
        add_process(table, process);
    ProcessFacts sum = sum_of(facts.processes);
    table.cell("Summary").cell(memory(sum.rss_bytes)).cell("").cell("");
    add_counts(table, sum, true);
    table.cell("[Summary]");

    size_t width = std::max(kScreen, table.width());
    std::string out = rule_line("GLOBAL STATUS", width);
    append_heading(out, facts);
    append_exits(out, facts);
    append_certificates(out, facts);
    append_hub(out, facts);
    append_services(out, facts);
    append_slow(out, facts);
    out += rule_line("PROCESS STATUS", width);
    table.append_rows(out, 0, table.rows() - 1);
    out += rule_line("PROCESS STATUS", width);
    table.append_rows(out, table.rows() - 1, table.rows());
    return out;
}

std::string status_json(const StatusFacts &facts)
{
    std::string out;
    JsonText json(out);
    json.open('{').key("name").text(facts.name).key("version").text(facts.version).key("loop").text(facts.loop);
    json.key("system").text(facts.system).key("master_pid");
    facts.master == 0 ? json.null() : json.number(facts.master);
    json.key("daemon").boolean(facts.daemon);
    number_or_null(json.key("started_unix"), facts.started_unix > 0, static_cast<uint64_t>(facts.started_unix));
    json.key("uptime_s").number(std::max<int64_t>(facts.uptime_s, 0)).key("load").open('[');
    for (double load : facts.load)
        load < 0 ? json.null() : json.decimal(load, 2);
    json.close(']').key("workers").number(facts.workers).key("exits").open('[');
    for (const ExitCount &exit : facts.exits)
        json_exit(json, exit);
    json.close(']').key("certificates").open('[');
    for (const CertificateFacts &certificate : facts.certificates)
        json_certificate(json, certificate);
    json.close(']').key("processes").open('[');
    for (const ProcessFacts &process : facts.processes)
        json_process(json, process);
    json.close(']').key("summary").open('{').key("processes").number(running(facts));
    ProcessFacts sum = sum_of(facts.processes);
    json_memory(json, sum.rss_bytes);
    json_counts(json, sum, true);
    json.close('}').close('}');
    return out + "\n";
}

double requests_per_second(int64_t second, uint32_t in_second, uint32_t in_second_before, int64_t now_ms)
{
    int64_t now_second = now_ms / 1000;
    double missing = static_cast<double>(1000 - now_ms % 1000) / 1000; // of a whole second, before the one that is running
    if (second == now_second)
        return in_second + missing * in_second_before;
    if (second == now_second - 1)
        return missing * in_second;
    // The clock was read before the page, and a request came between.
    return second > now_second ? static_cast<double>(in_second) + in_second_before : 0;
}

} // namespace wm
