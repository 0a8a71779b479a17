/**
 * @file
 * Takes what a fuzz target needs off its input: octets, and runs of them. When there is nothing left, zeros and nothing.
 */
#ifndef FUZZ_FUZZ_INPUT_H
#define FUZZ_FUZZ_INPUT_H

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fuzz {

class Input {
public:
    Input(const uint8_t *data, size_t size) : data_(data), size_(size) {}

    uint8_t octet()
    {
        if (size_ == 0)
            return 0;
        size_--;
        return *data_++;
    }
    std::string_view rest() const { return {reinterpret_cast<const char *>(data_), size_}; }
    std::string_view take(size_t len)
    {
        std::string_view taken = rest().substr(0, len);
        data_ += taken.size();
        size_ -= taken.size();
        return taken;
    }
    bool empty() const { return size_ == 0; }

private:
    const uint8_t *data_;
    size_t size_;
};

} // namespace fuzz

#endif
