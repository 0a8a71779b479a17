/**
 * @file
 * What --origin and --host allow. Plain functions of their values: nothing is looked up. A value.
 *
 * A browser sends an origin as scheme://host[:port] in lower case, without the scheme's default port, names in punycode, and "null" for
 * a page that has none (RFC 6454 §6.1, §7.1).
 */
#ifndef WM_SERVE_ORIGIN_H
#define WM_SERVE_ORIGIN_H

#include <string>
#include <string_view>
#include <vector>

namespace wm::serve {

/// A host name or address in lower case. "*.example.com" stands for the names below example.com, "*" for any.
class HostPattern {
public:
    /// Empty, or an error text. IPv6 addresses stand in brackets.
    std::string parse(std::string_view text);
    /// `host` is in lower case.
    bool matches(std::string_view host) const;
    bool is_any() const { return any_; }

private:
    std::string host_; ///< of a pattern: from its dot on
    bool any_ = false;
    bool below_ = false;
};

/// The values of --origin: an origin, or several with commas. The scheme may be left out, for http and https; a port "*" is any.
class OriginList {
public:
    /// Empty, or a usage error that names the flag, the value and the right form.
    std::string add(const std::string &value);
    /// Whether a page of that origin, as the browser sends it, may connect. Without any value: yes.
    bool allows(std::string_view origin) const;

private:
    struct Pattern {
        std::string scheme; ///< empty: http or https
        HostPattern host;
        int port = 0; ///< 0: the scheme's default; kAnyPort
    };

    std::string add_one(std::string_view text);

    std::vector<Pattern> patterns_;
    bool any_ = false;
};

/// The values of --host: names as in the Host field, without a port.
class HostList {
public:
    /// As OriginList::add.
    std::string add(const std::string &value);
    /// `authority` is a Host field, with or without a port, in any case.
    bool allows(std::string_view authority) const;

private:
    std::vector<HostPattern> patterns_;
};

} // namespace wm::serve

#endif
