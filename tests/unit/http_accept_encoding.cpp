// Accept-Encoding: qualities, what is not mentioned, the wildcard, and what is malformed (RFC 9110 §12.4.2, §12.5.3).
#include "proto/http/accept_encoding.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <string>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

void rows(void **)
{
    const struct {
        const char *fields;
        int brotli, gzip, identity;
    } rows[] = {
        {"", 0, 0, 1},
        {"Host: a\r\n", 0, 0, 1},
        {"Accept-Encoding:\r\n", 0, 0, 1},
        {"Accept-Encoding: gzip\r\n", 0, 1000, 1},
        {"accept-encoding: GZIP, BR\r\n", 1000, 1000, 1},
        {"Accept-Encoding: x-gzip\r\n", 0, 1000, 1},
        {"Accept-Encoding: gzip, deflate, br, zstd\r\n", 1000, 1000, 1},
        {"Accept-Encoding: deflate\r\n", 0, 0, 1},
        {"Accept-Encoding: gzip\r\nAccept-Encoding: br\r\n", 1000, 1000, 1},
        {"Accept-Encoding: compress;q=0.5, gzip;q=1.0\r\n", 0, 1000, 1},
        {"Accept-Encoding: gzip;q=1.0, identity; q=0.5, *;q=0\r\n", 0, 1000, 500},
        {"Accept-Encoding: *\r\n", 1000, 1000, 1},
        {"Accept-Encoding: *;q=0\r\n", 0, 0, 0},
        {"Accept-Encoding: identity;q=0\r\n", 0, 0, 0},
        {"Accept-Encoding: identity, gzip;q=0.5\r\n", 0, 500, 1000},
        {"Accept-Encoding: gzip;q=0, *\r\n", 1000, 0, 1},
        {"Accept-Encoding: br;q=0.001,gzip;q=0.25\r\n", 1, 250, 1},
        {"Accept-Encoding: br ; q=0.5\r\n", 500, 0, 1},
        {"Accept-Encoding: br;Q=0.5\r\n", 500, 0, 1},
        {"Accept-Encoding: ,, br ,\r\n", 1000, 0, 1},
        {"Accept-Encoding: br;q=1.000, gzip;q=0.\r\n", 1000, 0, 1},
        // malformed: as if it were not there
        {"Accept-Encoding: br;q=1.001\r\n", 0, 0, 1},
        {"Accept-Encoding: br;q=2\r\n", 0, 0, 1},
        {"Accept-Encoding: br;q=\r\n", 0, 0, 1},
        {"Accept-Encoding: br;q=.5\r\n", 0, 0, 1},
        {"Accept-Encoding: br;q=0.1234\r\n", 0, 0, 1},
        {"Accept-Encoding: br;q=-1\r\n", 0, 0, 1},
        {"Accept-Encoding: br;q=0,5\r\n", 0, 0, 1},
        {"Accept-Encoding: br;level=5\r\n", 0, 0, 1},
        {"Accept-Encoding: br gzip\r\n", 0, 0, 1},
        {"Accept-Encoding: brr, gzi\r\n", 0, 0, 1},
    };
    using wm::http::Coding;
    for (const auto &row : rows) {
        std::string fields = row.fields; // of exactly its size, for the sanitizer
        wm::http::AcceptedCodings codings(fields);
        int brotli = codings.quality(Coding::kBrotli), gzip = codings.quality(Coding::kGzip), identity = codings.quality(Coding::kIdentity);
        if (brotli != row.brotli || gzip != row.gzip || identity != row.identity)
            fail_msg("%s: %d, %d and %d, expected %d, %d and %d", row.fields, brotli, gzip, identity, row.brotli, row.gzip, row.identity);
    }
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows)};
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
