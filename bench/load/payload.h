/**
 * @file
 * The bytes of an echo message: 6 hex digits of its connection, 10 of its number, then letters that depend on the number.
 *
 * Printable ASCII without line breaks, so that it is a line and a websocket text as well. Constant after construction.
 */
#ifndef WM_LOAD_PAYLOAD_H
#define WM_LOAD_PAYLOAD_H

#include <cstddef>
#include <cstdint>
#include <string>

namespace wm::load {

class Payload {
public:
    static constexpr size_t kHead = 16;

    /// size is at least kHead.
    explicit Payload(size_t size);

    size_t size() const { return size_; }
    void write(char *out, uint32_t connection, uint64_t number) const;

    /// True when data is exactly the message of this connection and number.
    bool matches(const char *data, size_t size, uint32_t connection, uint64_t number) const;

    /// Parses which message `data` is, and checks all of its bytes. False if it is not a message of this run.
    bool identify(const char *data, size_t size, uint32_t *connection, uint64_t *number) const;

private:
    const char *fill_of(uint64_t number) const { return letters_.data() + number % kPeriod; }

    // A prime, so that letters do not repeat at a power of two.
    static constexpr size_t kPeriod = 61;

    size_t size_;
    std::string letters_;
};

} // namespace wm::load

#endif
