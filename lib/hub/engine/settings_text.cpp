#include "hub/engine/settings_text.h"

#include <charconv>
#include <cstring>
#include <system_error>

namespace wm {

namespace {

constexpr std::string_view kVersion = "wm-hub-settings 1";
constexpr std::string_view kAnyVersion = "wm-hub-settings ";
constexpr size_t kFrame = 256; // bytes: more than the names and numbers
constexpr char kDigits[] = "0123456789ABCDEF";

void put(std::string &out, std::string_view name, std::string_view value)
{
    out.append(name).push_back('=');
    for (char c : value) {
        auto byte = static_cast<unsigned char>(c);
        if (byte > ' ' && byte < 0x7f && c != '%')
            out.push_back(c);
        else
            out.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    }
    out.push_back('\n');
}

bool get(std::string_view in, std::string &out)
{
    out.clear();
    for (size_t at = 0; at < in.size(); at++) {
        unsigned byte = static_cast<unsigned char>(in[at]);
        if (in[at] == '%') {
            const char *digits = in.data() + at + 1;
            if (in.size() - at < 3 || std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2)
                return false;
            at += 2;
        }
        out.push_back(static_cast<char>(byte));
    }
    return true;
}

bool read_line(std::string_view name, std::string_view value, EngineSettings &out)
{
    const struct {
        std::string_view name;
        std::string &value;
    } texts[] = {{"url", out.url},         {"user", out.user},     {"password", out.password},
                 {"cluster", out.cluster}, {"secret", out.secret}, {"tls_ca_file", out.tls_ca_file}};
    for (const auto &text : texts)
        if (text.name == name)
            return get(value, text.value);
    if (name == "tls_verify")
        out.tls_verify = value != "0";
    if (name != "node")
        return true;
    auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out.node, 16);
    return error == std::errc() && end == value.data() + value.size();
}

} // namespace

void wipe(EngineSettings &settings)
{
    for (std::string *text : {&settings.url, &settings.password, &settings.secret})
        explicit_bzero(text->data(), text->size());
}

std::string write_settings(const EngineSettings &settings)
{
    size_t bytes = settings.url.size() + settings.user.size() + settings.password.size() + settings.cluster.size() +
                   settings.secret.size() + settings.tls_ca_file.size();
    std::string out;
    out.reserve(3 * bytes + kFrame); // so that it leaves no copies of secrets behind as it grows
    out.append(kVersion);
    out.push_back('\n');
    put(out, "url", settings.url);
    put(out, "user", settings.user);
    put(out, "password", settings.password);
    put(out, "cluster", settings.cluster);
    put(out, "secret", settings.secret);
    put(out, "tls_ca_file", settings.tls_ca_file);
    put(out, "tls_verify", settings.tls_verify ? "1" : "0");
    char node[17];
    put(out, "node", {node, std::to_chars(node, node + sizeof node, settings.node, 16).ptr});
    return out;
}

bool read_settings(std::string_view text, EngineSettings &out)
{
    out = {};
    if (text.empty())
        return true;
    for (bool first = true; !text.empty(); first = false) {
        size_t end = text.find('\n');
        if (end == std::string_view::npos)
            return false;
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end + 1);
        size_t equals = line.find('=');
        bool known = first ? line.starts_with(kAnyVersion)
                           : equals != std::string_view::npos && read_line(line.substr(0, equals), line.substr(equals + 1), out);
        if (!known)
            return false;
    }
    return true;
}

} // namespace wm
