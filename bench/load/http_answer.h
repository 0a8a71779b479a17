/**
 * @file
 * Splits a stream into HTTP/1.1 answers with a Content-Length (RFC 9112 §6). One object reads the answers of one server.
 */
#ifndef WM_LOAD_HTTP_ANSWER_H
#define WM_LOAD_HTTP_ANSWER_H

#include <cstddef>
#include <string>
#include <string_view>

namespace wm::load {

struct HttpAnswer {
    size_t consumed = 0; ///< 0: incomplete
    int status = 0;
    std::string_view body;
    const char *problem = nullptr;
};

class HttpAnswerReader {
public:
    HttpAnswer read(std::string_view data);

private:
    const char *parse_head(std::string_view head);

    // Most answers repeat the previous head byte for byte: it need not be parsed again.
    std::string head_;
    int status_ = 0;
    size_t length_ = 0;
};

} // namespace wm::load

#endif
