/**
 * @file
 * The texts of a second in the lines of an access log, in the local time zone: made once for all lines of that second. A value; one thread.
 */
#ifndef WM_SESSION_HTTP_ACCESS_TIME_H
#define WM_SESSION_HTTP_ACCESS_TIME_H

#include <cstdint>
#include <ctime>
#include <string_view>

namespace wm {

class AccessTime {
public:
    /// Makes the texts of that second of the realtime clock, unless they are there.
    void set(time_t second)
    {
        if (second != second_ || combined_.size == 0)
            make(second);
    }

    // Until the next set().
    std::string_view combined() const { return combined_.view(); } ///< "06/Nov/1994:08:49:37 +0000"
    std::string_view date() const { return date_.view(); }         ///< "1994-11-06T08:49:37"
    std::string_view offset() const { return offset_.view(); }     ///< "+00:00"

private:
    struct Text {
        uint8_t size = 0;
        char text[39] = {};

        std::string_view view() const { return {text, size}; }
    };
    void make(time_t second);

    time_t second_ = 0; ///< of the texts, if there are any
    Text combined_, date_, offset_;
};

} // namespace wm

#endif
