/**
 * @file
 * The secret of --inner-secret-file, by which back ends prove themselves; each process reads it when it starts. One thread.
 */
#ifndef WM_SERVE_INNER_SECRET_H
#define WM_SERVE_INNER_SECRET_H

#include <string>
#include <string_view>

namespace wm::serve {

class InnerSecret {
public:
    /// Reads the file; no path: back ends need no proof. Returns an error that names the flag and the file, or nothing.
    std::string load(const std::string &path);

    bool given() const { return !text_.empty(); }
    const std::string &text() const { return text_; }
    /// Whether it is what an Authorization field has behind its scheme, Bearer (RFC 6750 §2.1).
    bool is_bearer(std::string_view field) const;

private:
    std::string text_;
};

} // namespace wm::serve

#endif
