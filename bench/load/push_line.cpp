#include "push_line.h"

#include <charconv>
#include <cstring>
#include <string_view>

namespace wm::load {
namespace {

constexpr std::string_view kUid = "{\"uid\":\"uid";
constexpr std::string_view kAll = "{\"uid\":\"*";
constexpr std::string_view kInner = "\",\"i\":";
constexpr std::string_view kNumber = ",\"n\":";
constexpr std::string_view kFill = ",\"p\":\"";
constexpr std::string_view kEnd = "\"}";
constexpr size_t kMaxDigits = 20;

char *put(char *out, std::string_view text)
{
    std::memcpy(out, text.data(), text.size());
    return out + text.size();
}

template <class Number> char *put_number(char *out, Number value)
{
    return std::to_chars(out, out + kMaxDigits, value).ptr;
}

/// Consumes `text` and a number at the front of data.
template <class Number> bool take(std::string_view *data, std::string_view text, Number *out)
{
    if (!data->starts_with(text))
        return false;
    data->remove_prefix(text.size());
    auto [end, error] = std::from_chars(data->data(), data->data() + data->size(), *out);
    if (error != std::errc())
        return false;
    data->remove_prefix(static_cast<size_t>(end - data->data()));
    return true;
}

} // namespace

PushLine::PushLine(size_t size) : size_(size), expected_(size, '\0')
{
    constexpr std::string_view kAlphabet = "the quick brown fox jumps over the lazy dog; ";
    for (size_t i = 0; i < size; i++)
        filler_ += kAlphabet[i % kAlphabet.size()];
}

void PushLine::write(char *out, uint32_t page, uint32_t inner, uint64_t number) const
{
    char *at = page == kEveryone ? put(out, kAll) : put_number(put(out, kUid), page);
    at = put_number(put(at, kInner), inner);
    at = put_number(put(at, kNumber), number);
    at = put(at, kFill);
    size_t fill = size_ - static_cast<size_t>(at - out) - kEnd.size();
    std::memcpy(at, filler_.data(), fill);
    put(at + fill, kEnd);
}

bool PushLine::matches(const char *data, size_t size, uint32_t page, uint32_t inner, uint64_t number)
{
    if (size != size_)
        return false;
    write(expected_.data(), page, inner, number);
    return std::memcmp(data, expected_.data(), size_) == 0;
}

bool PushLine::identify(const char *data, size_t size, uint32_t *page, uint32_t *inner, uint64_t *number)
{
    std::string_view rest(data, size);
    if (rest.starts_with(kAll)) {
        rest.remove_prefix(kAll.size());
        *page = kEveryone;
    } else if (!take(&rest, kUid, page)) {
        return false;
    }
    return take(&rest, kInner, inner) && take(&rest, kNumber, number) && rest.starts_with(kFill);
}

} // namespace wm::load
