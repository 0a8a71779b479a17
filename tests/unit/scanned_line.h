/**
 * @file
 * A push line that has been scanned, and what is expected of it. After cmocka's header come no others.
 */
#ifndef UNIT_SCANNED_LINE_H
#define UNIT_SCANNED_LINE_H

#include "shared/json_scan.h"

#include <algorithm>
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

extern "C" {
#include <cmocka.h>
}

using wm::PushLine;
using wm::ScanError;

/// The text in memory of exactly its size, so that a sanitizer sees every byte that is read too far.
class Scanned {
public:
    explicit Scanned(std::string_view text) : bytes_(new char[text.size() + 1])
    {
        char *start = bytes_.get() + 1; // at odd addresses too
        text.copy(start, text.size());
        wm::scan_push_line(start, text.size(), line_);
    }
    const PushLine &line() const { return line_; }

private:
    std::unique_ptr<char[]> bytes_;
    PushLine line_;
};

inline void assert_view(std::string_view actual, std::string_view wanted)
{
    assert_int_equal(actual.size(), wanted.size());
    assert_memory_equal(actual.data(), wanted.data(), wanted.size());
}

inline void assert_push(std::string_view text, std::string_view uid)
{
    Scanned scanned(text);
    if (scanned.line().kind != PushLine::Kind::kPush)
        fail_msg("%.*s: offset %zu: %s", static_cast<int>(text.size()), text.data(), scanned.line().offset, scanned.line().reason());
    assert_view(scanned.line().uid, uid);
    assert_int_equal(scanned.line().error, ScanError::kNone);
}

inline void assert_refused(std::string_view text, ScanError error, size_t offset)
{
    Scanned scanned(text);
    const PushLine &line = scanned.line();
    if (line.kind != PushLine::Kind::kInvalid || line.error != error || line.offset != offset)
        fail_msg("%.*s: kind %d, offset %zu instead of %zu: %s", static_cast<int>(std::min<size_t>(text.size(), 100)), text.data(),
                 static_cast<int>(line.kind), line.offset, offset, line.reason());
    assert_true(std::strlen(line.reason()) > 0);
}

inline std::string times(std::string_view part, size_t count)
{
    std::string all;
    for (size_t i = 0; i < count; i++)
        all += part;
    return all;
}

#endif
