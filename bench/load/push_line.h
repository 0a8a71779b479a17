/**
 * @file
 * The lines of the push mode: {"uid":"uid7","i":3,"n":42,"p":"..."} with i the inner connection and n its number, padded to one size. In
 * a broadcast the uid is "*".
 */
#ifndef WM_LOAD_PUSH_LINE_H
#define WM_LOAD_PUSH_LINE_H

#include <cstddef>
#include <cstdint>
#include <string>

namespace wm::load {

class PushLine {
public:
    /// The smallest size that holds every line of a run.
    static constexpr size_t kMinSize = 56;
    /// The page of a line that is for all.
    static constexpr uint32_t kEveryone = UINT32_MAX;

    explicit PushLine(size_t size);

    size_t size() const { return size_; }

    /// Writes the line without its LF.
    void write(char *out, uint32_t page, uint32_t inner, uint64_t number) const;
    /// True when data is exactly that line.
    bool matches(const char *data, size_t size, uint32_t page, uint32_t inner, uint64_t number);
    /// Parses which line `data` claims to be. False if it is not a line of this run.
    static bool identify(const char *data, size_t size, uint32_t *page, uint32_t *inner, uint64_t *number);

private:
    size_t size_;
    std::string filler_;
    std::string expected_;
};

} // namespace wm::load

#endif
