#include "wm-serve/page.h"

#include "page_html.h"

namespace wm::serve {

namespace {

void fill(std::string &page, std::string_view place, const std::string &text)
{
    page.replace(page.find(place), place.size(), text);
}

/// Escapes text for a string of the page's script: a unix path may contain quotes.
std::string in_quotes(const std::string &text)
{
    std::string out;
    for (char c : text) {
        if (c == '\\' || c == '\'' || c == '<' || static_cast<unsigned char>(c) < ' ') {
            static constexpr char kHex[] = "0123456789abcdef";
            out += {'\\', 'x', kHex[static_cast<unsigned char>(c) >> 4], kHex[c & 15]};
        } else {
            out += c;
        }
    }
    return out;
}

} // namespace

std::string page(const PageFacts &facts)
{
    std::string out(kPageHtml);
    fill(out, "@SCHEME@", facts.scheme);
    fill(out, "@WEBSOCKET@", in_quotes(facts.websocket));
    fill(out, "@BACK_END@", in_quotes(facts.back_end));
    fill(out, "@AUTH@", facts.auth);
    fill(out, "@SECRET@", facts.asks_secret ? "secret" : "");
    return out;
}

} // namespace wm::serve
