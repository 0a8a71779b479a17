#include "process/program.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace wm {

std::vector<std::string> own_arguments()
{
    std::vector<std::string> out;
    FILE *file = fopen("/proc/self/cmdline", "re");
    if (!file)
        return out;
    char *word = nullptr;
    size_t room = 0;
    while (getdelim(&word, &room, '\0', file) > 0)
        out.emplace_back(word);
    free(word);
    fclose(file);
    return out;
}

void exec_self(const std::vector<std::string> &arguments, const std::vector<std::string> &variables)
{
    std::vector<char *> environment;
    environment.reserve(256);
    for (const std::string &variable : variables)
        environment.push_back(const_cast<char *>(variable.c_str()));
    for (char **entry = environ; entry && *entry; entry++) {
        auto same = [entry](const std::string &variable) { return strncmp(*entry, variable.c_str(), variable.find('=') + 1) == 0; };
        if (std::none_of(variables.begin(), variables.end(), same))
            environment.push_back(*entry);
    }
    environment.push_back(nullptr);
    std::vector<char *> words;
    words.reserve(arguments.size() + 1);
    for (const std::string &argument : arguments)
        words.push_back(const_cast<char *>(argument.c_str()));
    words.push_back(nullptr);
    execve("/proc/self/exe", words.data(), environment.data());
}

} // namespace wm
