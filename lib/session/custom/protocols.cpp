#include "session/custom/protocols.h"

#include "conn/reactor.h"
#include "core/error.h"

#include <algorithm>
#include <string>

namespace wm {

namespace {

constexpr size_t kMaxName = 31; // bytes
constexpr size_t kFirstRow = static_cast<size_t>(CodecRow::kCount);
constexpr size_t kRows = 2; // of each: for streams, and for datagrams
constexpr size_t kMost = (Reactor::kMaxCodecs - kFirstRow) / kRows;

bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

/// RFC 3986 §3.1, without the '+' that begins +unix. In lower case.
bool is_scheme(std::string_view name)
{
    auto fits = [](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.'; };
    return !name.empty() && name.size() <= kMaxName && is_letter(name[0]) && std::all_of(name.begin(), name.end(), fits);
}

} // namespace

int Protocols::check_name(std::string_view name) const
{
    int len = static_cast<int>(std::min<size_t>(name.size(), 2 * kMaxName));
    if (!is_scheme(name))
        return fail(WM_EINVAL,
                    "'%.*s' is no name of a protocol: a letter, then letters, digits, '-' and '.', at most %zu in all (RFC 3986 3.1)", len,
                    name.data(), kMaxName);
    if (is_own_scheme(name))
        return fail(WM_EINVAL, "'%.*s' is a protocol of the library: choose another name", len, name.data());
    if (find(name))
        return fail(WM_EINVAL, "the app has a protocol '%.*s' already", len, name.data());
    if (protocols_.size() >= kMost)
        return fail(WM_EFULL, "an app has at most %zu protocols of its own", kMost);
    return 0;
}

Protocol *Protocols::add(std::string_view name, int *code)
{
    std::string lower(name.substr(0, 4 * kMaxName));
    for (char &c : lower)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    *code = check_name(lower);
    if (*code != 0)
        return nullptr;
    size_t row = kFirstRow + kRows * protocols_.size();
    protocols_.push_back(std::make_unique<Protocol>(reactor_, std::move(lower), static_cast<uint8_t>(row)));
    reactor_.codecs[row] = &protocols_.back()->codec();
    reactor_.codecs[row + 1] = &protocols_.back()->datagram_codec();
    return protocols_.back().get();
}

bool Protocols::encodes() const
{
    return std::any_of(protocols_.begin(), protocols_.end(), [](const auto &protocol) { return protocol->encode; });
}

Protocol *Protocols::find(std::string_view name) const
{
    for (const auto &protocol : protocols_)
        if (protocol->name() == name)
            return protocol.get();
    return nullptr;
}

} // namespace wm
