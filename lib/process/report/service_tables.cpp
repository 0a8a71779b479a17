#include "process/report/service_tables.h"

#include "process/report/json_text.h"
#include "process/report/text_table.h"

namespace wm {

namespace {

std::string text_of(const ReportValue &value)
{
    if (const bool *truth = std::get_if<bool>(&value))
        return *truth ? "yes" : "no";
    if (const int64_t *number = std::get_if<int64_t>(&value))
        return std::to_string(*number);
    const std::string *text = std::get_if<std::string>(&value);
    return text ? *text : "";
}

void json_value(JsonText &json, const ReportValue &value)
{
    if (const bool *truth = std::get_if<bool>(&value))
        json.boolean(*truth);
    else if (const int64_t *number = std::get_if<int64_t>(&value))
        json.number(*number);
    else if (const std::string *text = std::get_if<std::string>(&value))
        json.text(*text);
    else
        json.null();
}

void json_row(JsonText &json, const ReportTable &table, const std::vector<ReportValue> &row)
{
    json.open('{');
    for (size_t i = 0; i < row.size(); i++)
        json_value(json.key(table.columns[i]), row[i]);
    json.close('}');
}

} // namespace

void append_tables(std::string &out, const ServiceReport &report)
{
    for (const ReportTable &each : report.tables) {
        if (each.rows.empty())
            continue;
        TextTable table(each.columns.size() + 1);
        table.cell(each.name);
        for (const std::string &column : each.columns)
            table.cell(column);
        for (const auto &row : each.rows) {
            table.cell(" ");
            for (size_t i = 0; i + 1 < row.size(); i++)
                table.cell(text_of(row[i]));
            std::string last = text_of(row.back()); // an error, most often
            last.empty() ? void(table.cell("")) : table.rest(last);
        }
        table.append_rows(out, 0, table.rows());
    }
}

void json_tables(JsonText &json, const ServiceReport &report)
{
    json.open('{');
    for (const ReportTable &table : report.tables) {
        json.key(table.name);
        if (!table.one)
            json.open('[');
        else if (table.rows.empty())
            json.null();
        for (const auto &row : table.rows)
            json_row(json, table, row);
        if (!table.one)
            json.close(']');
    }
    json.close('}');
}

} // namespace wm
