/**
 * @file
 * What a text is put into: once to be counted, once to be written into a buffer of that size. Pure, any thread, no allocation.
 */
#ifndef WM_PROTO_HTTP_TEXT_SINK_H
#define WM_PROTO_HTTP_TEXT_SINK_H

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace wm::http {

class SizeSink {
public:
    SizeSink &put(std::string_view text)
    {
        size_ += text.size();
        return *this;
    }
    size_t size() const { return size_; }

private:
    size_t size_ = 0;
};

class TextSink {
public:
    explicit TextSink(char *out) : begin_(out), at_(out) {}
    TextSink &put(std::string_view text)
    {
        if (!text.empty())
            memcpy(at_, text.data(), text.size());
        at_ += text.size();
        return *this;
    }
    size_t size() const { return static_cast<size_t>(at_ - begin_); }

private:
    char *begin_;
    char *at_;
};

template <class Sink> Sink &put_number(Sink &sink, int64_t number)
{
    char digits[20];
    char *end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    return sink.put({digits, static_cast<size_t>(end - digits)});
}

} // namespace wm::http

#endif
