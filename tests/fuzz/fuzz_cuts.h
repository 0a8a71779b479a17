/**
 * @file
 * An input that is fed to a parser in pieces: where it is cut is a part of it.
 */
#ifndef FUZZ_FUZZ_CUTS_H
#define FUZZ_FUZZ_CUTS_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace fuzz {

struct Cuts {
    /// data: an octet that counts the cuts, others of the target's own up to `header`, then the distances, and the bytes.
    Cuts(const uint8_t *data, size_t size, size_t header)
    {
        size_t count = std::min<size_t>(data[0] % 32, size - header);
        const uint8_t *distances = data + header;
        bytes = {reinterpret_cast<const char *>(distances) + count, size - header - count};
        size_t at = 0;
        for (size_t i = 0; i < count; i++) {
            at += distances[i];
            if (at < bytes.size())
                cuts.push_back(at);
        }
        for (size_t i = 1; i < bytes.size(); i++)
            every.push_back(i);
    }

    std::string_view bytes;
    std::vector<size_t> cuts;  ///< rising; a distance of 0 cuts nothing off
    std::vector<size_t> every; ///< between all bytes
};

} // namespace fuzz

#endif
