/**
 * @file
 * A form as a fuzz target takes it off its input: the boundary, the places where the body is cut, two limits, and the body, in which low
 * octets stand for what bodies are made of.
 */
#ifndef FUZZ_FORM_INPUT_H
#define FUZZ_FORM_INPUT_H

#include "fuzz_input.h"
#include "proto/http/multipart.h"

#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace fuzz {

namespace http = wm::http;

inline void check_same(bool holds, const char *what, const std::string &expected, const std::string &got)
{
    if (holds)
        return;
    std::fprintf(stderr, "%s\nexpected:\n%s\ngot:\n%s\n", what, expected.c_str(), got.c_str());
    std::abort();
}

/// One of a table, or any that the input has.
inline std::string take_boundary(Input &input)
{
    constexpr std::string_view kBoundaries[] = {"b", "-", "--b", "b--", "a b", "bbbbbb"};
    size_t choice = input.octet() % (std::size(kBoundaries) + 1);
    if (choice < std::size(kBoundaries))
        return std::string(kBoundaries[choice]);
    std::string_view own = input.take(size_t{1} + input.octet() % http::MultipartParser::kMaxBoundary);
    return std::string(http::MultipartParser::is_boundary(own) ? own : "b");
}

inline std::string expand_form(std::string_view octets, const std::string &boundary)
{
    const std::string delimiter = "\r\n--" + boundary;
    const std::string tokens[] = {"\r\n",
                                  delimiter,
                                  delimiter + "\r\n",
                                  delimiter + "--",
                                  delimiter.substr(0, delimiter.size() - 1),
                                  "Content-Disposition: form-data; name=a\r\n",
                                  "content-disposition: form-data; filename=\"f%22\\\"\"; name=\"\"\r\n",
                                  "Content-Type: text/plain\r\n",
                                  "\r\n\r\n",
                                  "\r",
                                  "\n",
                                  "--",
                                  boundary,
                                  delimiter + "\r\nContent-Disposition: form-data; name=n\r\n\r\n",
                                  "; filename*=utf-8''%c3%a4",
                                  "Content-Disposition: form-data; name="};
    std::string out;
    for (char octet : octets)
        if (static_cast<unsigned char>(octet) < std::size(tokens))
            out += tokens[static_cast<unsigned char>(octet)];
        else
            out += octet;
    return out;
}

struct FormInput {
    std::string boundary;
    http::MultipartLimits limits = {};
    std::string body;
    std::vector<size_t> cuts; ///< ascending, in front of the body's end
};

inline FormInput take_form(const uint8_t *data, size_t size)
{
    Input input(data, size);
    FormInput form;
    form.boundary = take_boundary(input);
    std::string_view distances = input.take(input.octet() % 32);
    form.limits.max_parts = size_t{1} + input.octet() % 8;
    form.limits.max_part_header_bytes = size_t{16} + input.octet();
    form.body = expand_form(input.rest().substr(0, 4096), form.boundary);
    size_t at = 0;
    for (char distance : distances) {
        at += static_cast<unsigned char>(distance);
        if (at < form.body.size())
            form.cuts.push_back(at);
    }
    return form;
}

} // namespace fuzz

#endif
