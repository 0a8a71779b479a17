/**
 * @file
 * RESP2, the wire of Redis: reads replies value by value, by the reader of hiredis with functions of our own, which point into its buffer.
 * Nothing is allocated for a value, nor sized by what the server announces. Owned by a link; the app's thread.
 */
#ifndef WM_HUB_ENGINE_REDIS_RESP_READER_H
#define WM_HUB_ENGINE_REDIS_RESP_READER_H

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string_view>

struct redisReader;

namespace wm::redis {

enum class RespType : uint8_t { kString, kArray, kInteger, kNil, kStatus, kError };

struct RespValue {
    RespType type;
    uint8_t depth;         ///< 0: the reply itself; the values of an array follow it, one deeper
    size_t index;          ///< in its array
    int64_t number;        ///< of an integer; of an array how many values it has
    std::string_view text; ///< of a string, a status or an error; borrowed
};

class RespSink {
public:
    /// False: nothing more is read. The reader may not be closed or deleted inside; what is thrown comes out of feed().
    virtual bool take(const RespValue &value) = 0;
    /// The reply that these values belong to is complete.
    virtual bool complete() = 0;

protected:
    ~RespSink() = default;
};

class RespReader {
public:
    static constexpr size_t kMaxBuffered = (size_t{8} << 20) + (size_t{64} << 10); ///< bytes of one value and what came with it
    static constexpr size_t kMaxValues = 65536;                                    ///< of one reply, arrays included
    static constexpr size_t kMaxText = 128;                                        ///< of error(), its NUL included

    RespReader() = default;
    RespReader(const RespReader &) = delete;
    RespReader &operator=(const RespReader &) = delete;
    ~RespReader() { close(); }

    /// Begins a stream; false: out of memory.
    bool open();
    void close();
    /// False: the sink has said so, or error() says why. The reader is closed then.
    bool feed(const char *bytes, size_t size, RespSink &sink);
    /// Empty: nothing is wrong with the stream.
    const char *error() const { return error_; }

    /// For the functions that hiredis calls; nullptr ends the reading.
    void *taken(const RespValue &value) noexcept;

private:
    bool read_replies();
    bool grow_anew();
    bool fail(const char *why);

    struct redisReader *reader_ = nullptr;
    RespSink *sink_ = nullptr; ///< inside feed()
    std::exception_ptr thrown_;
    size_t largest_ = 0; ///< that the buffer has held
    size_t values_ = 0;  ///< of the reply that is being read
    bool stopped_ = false;
    char error_[kMaxText] = "";
};

} // namespace wm::redis

#endif
