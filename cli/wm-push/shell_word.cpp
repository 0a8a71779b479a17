#include "wm-push/shell_word.h"

#include "shared/printable.h"

namespace wm {

std::string shell_word(std::string_view text)
{
    constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=.,:/@%";
    std::string shown = printable_as_typed(text);
    if (!shown.empty() && shown.find_first_not_of(kPlain) == std::string::npos)
        return shown;
    std::string word = "'";
    for (char c : shown) {
        if (c == '\'')
            word += "'\\''";
        else
            word += c;
    }
    return word + "'";
}

std::string push_command(std::string_view target, std::string_view body)
{
    return "wm-push " + std::string(target) + " " + shell_word(body);
}

} // namespace wm
