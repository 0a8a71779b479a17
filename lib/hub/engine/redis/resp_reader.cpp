#include "hub/engine/redis/resp_reader.h"

#include <algorithm>
#include <cstdio>
#include <hiredis/read.h>
#include <utility>

namespace wm::redis {

namespace {

// hiredis moves what is behind a reply to the front of its buffer: little at a time, as there may be many replies.
constexpr size_t kSlice = size_t{8} << 10;
constexpr size_t kKept = size_t{256} << 10; // of the buffer while it is empty
char a_value;                               // what hiredis holds in place of each

RespType type_of(int type)
{
    switch (type) {
    case REDIS_REPLY_ARRAY:
        return RespType::kArray;
    case REDIS_REPLY_INTEGER:
        return RespType::kInteger;
    case REDIS_REPLY_NIL:
        return RespType::kNil;
    case REDIS_REPLY_STATUS:
        return RespType::kStatus;
    case REDIS_REPLY_ERROR:
        return RespType::kError;
    default:
        return RespType::kString;
    }
}

void *take(const redisReadTask *task, RespType type, int64_t number, std::string_view text) noexcept
{
    uint8_t depth = 0;
    for (const redisReadTask *outer = task->parent; outer; outer = outer->parent)
        depth++;
    size_t index = task->parent ? static_cast<size_t>(task->idx) : 0;
    return static_cast<RespReader *>(task->privdata)->taken({type, depth, index, number, text});
}

void *take_string(const redisReadTask *task, char *text, size_t size)
{
    return take(task, type_of(task->type), 0, {text, size});
}

// The type of a count differs between versions of hiredis.
template <class Count> void *take_array(const redisReadTask *task, Count count)
{
    return take(task, RespType::kArray, static_cast<int64_t>(count), {});
}

void *take_integer(const redisReadTask *task, long long number)
{
    return take(task, RespType::kInteger, number, {});
}

void *take_nil(const redisReadTask *task)
{
    return take(task, RespType::kNil, 0, {});
}

redisReplyObjectFunctions make_functions()
{
    redisReplyObjectFunctions functions = {};
    functions.createString = take_string;
    functions.createArray = take_array;
    functions.createInteger = take_integer;
    functions.createNil = take_nil;
    functions.freeObject = [](void *) {};
    return functions;
}

redisReplyObjectFunctions functions = make_functions();

} // namespace

bool RespReader::open()
{
    close();
    error_[0] = '\0';
    stopped_ = false;
    return grow_anew();
}

void RespReader::close()
{
    if (reader_)
        redisReaderFree(std::exchange(reader_, nullptr));
    values_ = 0;
}

/// Gives back a buffer that one long message has made large. False: there is none, for want of memory.
bool RespReader::grow_anew()
{
    redisReader *fresh = redisReaderCreateWithFunctions(&functions);
    if (!fresh)
        return reader_;
    fresh->privdata = this;
    fresh->maxbuf = 0; // hiredis gives its buffer back itself, but ends the process where it gets no other
    if (reader_)
        redisReaderFree(reader_);
    reader_ = fresh;
    largest_ = 0;
    return true;
}

/// nullptr: error_ says it already.
bool RespReader::fail(const char *why)
{
    if (why)
        snprintf(error_, sizeof error_, "%s", why);
    close();
    return false;
}

bool RespReader::feed(const char *bytes, size_t size, RespSink &sink)
{
    if (!reader_)
        return false;
    sink_ = &sink;
    bool goes_on = true;
    for (size_t at = 0; at < size && goes_on;) {
        size_t slice = std::min(size - at, kSlice);
        if (reader_->len - reader_->pos + slice > kMaxBuffered)
            goes_on = fail("the server sends a value of more than 8 MiB");
        else if (redisReaderFeed(reader_, bytes + at, slice) != REDIS_OK)
            goes_on = fail("out of memory for what the server sends");
        else
            goes_on = read_replies();
        at += slice;
    }
    sink_ = nullptr;
    if (thrown_)
        std::rethrow_exception(std::exchange(thrown_, nullptr));
    return goes_on;
}

bool RespReader::read_replies()
{
    largest_ = std::max(largest_, reader_->len);
    for (;;) {
        void *reply = nullptr;
        int result = redisReaderGetReply(reader_, &reply);
        if (stopped_)
            return close(), false;
        if (result != REDIS_OK)
            return fail(error_[0] != '\0' ? nullptr : reader_->errstr);
        if (!reply)
            break;
        values_ = 0;
        if (!sink_->complete())
            return close(), false;
    }
    bool is_between = values_ == 0 && reader_->len == reader_->pos;
    return largest_ <= kKept || !is_between || grow_anew();
}

void *RespReader::taken(const RespValue &value) noexcept
{
    if (++values_ > kMaxValues) {
        snprintf(error_, sizeof error_, "the server sends a reply of more than %zu values", kMaxValues);
        return nullptr;
    }
    try {
        stopped_ = !sink_->take(value);
    } catch (...) {
        thrown_ = std::current_exception();
        stopped_ = true;
    }
    return stopped_ ? nullptr : &a_value;
}

} // namespace wm::redis
