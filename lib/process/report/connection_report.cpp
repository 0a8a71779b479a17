#include "process/report/connection_report.h"

#include "process/report/connection_columns.h"
#include "process/report/decimal.h"
#include "process/report/json_text.h"
#include "process/report/text_table.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string_view>

namespace wm {

namespace {

/// A text of a record, which another process wrote: its end may be missing.
template <size_t N> std::string_view text_of(const char (&text)[N])
{
    return {text, strnlen(text, N)};
}

std::string_view uid_of(const ConnectionRecord &record)
{
    return {record.uid, std::min<size_t>(record.uid_size, sizeof record.uid)};
}

/// A line of the report with its sort key.
struct Line {
    const ConnectionAnswer *answer;
    const ConnectionRecord *record; // null: the child has not answered
    uint64_t number = 0;
    std::string_view text;
};

/// Where a column takes its value from: one of the two.
struct SortColumn {
    bool of_silent; // a child that has not answered has it, too
    uint64_t (*number)(const Line &);
    std::string_view (*text)(const Line &);
};

// In the order of kConnectionSorts.
const SortColumn kSortColumns[] = {
    {true, [](const Line &line) { return static_cast<uint64_t>(line.answer->pid); }, nullptr},
    {true, nullptr,
     [](const Line &line) { return line.record == nullptr ? std::string_view(line.answer->worker) : text_of(line.record->worker); }},
    {false, [](const Line &line) { return line.record->id; }, nullptr},
    {false, nullptr, [](const Line &line) { return text_of(line.record->transport); }},
    {false, nullptr, [](const Line &line) { return text_of(line.record->protocol); }},
    {false, [](const Line &line) { return uint64_t{line.record->family == 4}; }, nullptr},
    {false, [](const Line &line) { return uint64_t{line.record->family == 6}; }, nullptr},
    {false, [](const Line &line) { return line.record->recv_queue; }, nullptr},
    {false, [](const Line &line) { return line.record->send_queue; }, nullptr},
    {false, [](const Line &line) { return line.record->bytes_read; }, nullptr},
    {false, [](const Line &line) { return line.record->bytes_written; }, nullptr},
    {false, nullptr, [](const Line &line) { return text_of(line.record->status); }},
    {false, nullptr, [](const Line &line) { return text_of(line.record->local); }},
    {false, nullptr, [](const Line &line) { return text_of(line.record->remote); }},
    {false, nullptr, [](const Line &line) { return uid_of(*line.record); }},
};

static_assert(std::size(kSortColumns) == std::size(kConnectionSorts) && std::size(kSortColumns) == std::size(kConnectionTitles));

std::vector<Line> select(const std::vector<ConnectionAnswer> &answers, const ConnectionQuery &query)
{
    const std::string &worker = query.worker;
    std::string_view cut = std::string_view(worker).substr(0, sizeof ConnectionRecord::worker - 1);
    std::string_view uid = std::string_view(query.uid).substr(0, sizeof ConnectionRecord::uid);
    std::vector<Line> lines;
    for (const ConnectionAnswer &answer : answers) {
        if (!answer.answered) {
            if (worker.empty() || answer.worker == worker)
                lines.push_back({&answer, nullptr, 0, {}});
            continue;
        }
        for (const ConnectionRecord &record : answer.records)
            if ((worker.empty() || text_of(record.worker) == cut) && (uid.empty() || uid_of(record) == uid))
                lines.push_back({&answer, &record, 0, {}});
    }
    return lines;
}

void sort(std::vector<Line> &lines, const std::string &name)
{
    const auto *found = std::find(std::begin(kConnectionSorts), std::end(kConnectionSorts), name);
    if (found == std::end(kConnectionSorts))
        return;
    const SortColumn *column = &kSortColumns[found - kConnectionSorts];
    const auto has_value = [column](const Line &line) { return line.record != nullptr || column->of_silent; };
    for (Line &line : lines) {
        if (!has_value(line))
            continue;
        if (column->number != nullptr)
            line.number = column->number(line);
        else
            line.text = column->text(line);
    }
    std::stable_sort(lines.begin(), lines.end(), [&has_value](const Line &a, const Line &b) {
        if (has_value(a) != has_value(b))
            return has_value(a);
        return a.number != b.number ? a.number > b.number : a.text < b.text;
    });
}

std::string silence(const ConnectionAnswer &answer)
{
    if (answer.stopped)
        return "stopped: no answer";
    std::string busy = answer.busy_ms > 0 ? "busy for " + seconds(answer.busy_ms) + ": " : "";
    return busy + "no answer within " + std::to_string(kAnswerMs) + " ms";
}

/// A long uid would make every line of the table long; --json has all of it.
std::string cut_uid(std::string_view uid)
{
    size_t most = 40;
    if (uid.size() <= most)
        return std::string(uid);
    while (most > 0 && (uid[most] & 0xc0) == 0x80) // between two characters
        most--;
    return std::string(uid.substr(0, most)) + "...";
}

void add_line(TextTable &table, const Line &line)
{
    table.number(line.answer->pid);
    if (line.record == nullptr) {
        table.cell(line.answer->worker).rest(silence(*line.answer));
        return;
    }
    const ConnectionRecord &record = *line.record;
    table.cell(text_of(record.worker)).number(record.id).cell(text_of(record.transport)).cell(text_of(record.protocol));
    table.cell(record.family == 4 ? "1" : "0").cell(record.family == 6 ? "1" : "0");
    for (uint64_t size : {record.recv_queue, record.send_queue, record.bytes_read, record.bytes_written})
        table.cell(human_size(size));
    table.cell(text_of(record.status)).cell(text_of(record.local)).cell(text_of(record.remote)).cell(cut_uid(uid_of(record)));
}

JsonText &text_or_null(JsonText &json, std::string_view text)
{
    return text.empty() ? json.null() : json.text(text);
}

void json_record(JsonText &json, const Line &line)
{
    const ConnectionRecord &record = *line.record;
    json.open('{').key("pid").number(line.answer->pid).key("worker").text(text_of(record.worker)).key("id").number(record.id);
    json.key("transport").text(text_of(record.transport)).key("protocol").text(text_of(record.protocol)).key("family");
    record.family == 0 ? json.null() : json.number(record.family);
    json.key("recv_queue").number(record.recv_queue).key("send_queue").number(record.send_queue);
    json.key("bytes_read").number(record.bytes_read).key("bytes_written").number(record.bytes_written);
    json.key("idle_ms").number(record.idle_ms).key("status").text(text_of(record.status));
    text_or_null(json.key("local"), text_of(record.local));
    text_or_null(json.key("remote"), text_of(record.remote));
    text_or_null(json.key("uid"), uid_of(record)).close('}');
}

void json_silent(JsonText &json, const ConnectionAnswer &answer)
{
    json.open('{').key("pid").number(answer.pid).key("worker").text(answer.worker).key("stopped").boolean(answer.stopped).key("busy_ms");
    answer.busy_ms > 0 ? json.number(answer.busy_ms) : json.null();
    json.close('}');
}

} // namespace

std::string connections_text(const std::vector<ConnectionAnswer> &answers, const ConnectionQuery &query)
{
    std::vector<Line> lines = select(answers, query);
    sort(lines, query.sort);
    TextTable table(std::size(kConnectionTitles));
    table.reserve(lines.size() + 1, 128);
    for (const char *title : kConnectionTitles)
        table.cell(title);
    for (const Line &line : lines)
        add_line(table, line);
    std::string out = rule_line(" CONNECTION STATUS ", table.width());
    out.reserve(out.size() + table.rows() * (table.width() + 1));
    table.append_rows(out, 0, table.rows());
    return out;
}

std::string connections_json(const std::vector<ConnectionAnswer> &answers, const ConnectionQuery &query)
{
    std::vector<Line> lines = select(answers, query);
    sort(lines, query.sort);
    std::string out;
    out.reserve(64 + lines.size() * 320);
    JsonText json(out);
    json.open('{').key("connections").open('[');
    for (const Line &line : lines)
        if (line.record != nullptr)
            json_record(json, line);
    json.close(']').key("unanswered").open('[');
    for (const Line &line : lines)
        if (line.record == nullptr)
            json_silent(json, *line.answer);
    json.close(']').close('}');
    out += '\n';
    return out;
}

} // namespace wm
