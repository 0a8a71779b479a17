/**
 * @file
 * What goes over the wire: lines of pushes, what pages get of them, and answers. A push's text follows from its number and its uid.
 */
#ifndef WM_TESTS_HUB_LOAD_WIRE_H
#define WM_TESTS_HUB_LOAD_WIRE_H

#include "judge.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace hub_load {

inline constexpr std::string_view kPing = "ping"; ///< the server runs with --text-ping ping=pong
inline constexpr std::string_view kPong = "pong";
inline constexpr std::string_view kAskForEnd = R"({"wm":{"cmd":"notify_end"}})";

std::string uid_text(uint32_t uid);
/// The line of a push; `pad` is the most bytes of ballast. Every fourth asks for no reason.
std::string line_of(PushId id, uint32_t uid, size_t pad);
/// What a page gets of it.
std::string payload_of(PushId id, uint32_t uid, size_t pad);
/// The number of the push in what a page got; false: there is none.
bool find_id(std::string_view payload, PushId &id);
/// False: neither ok nor fail.
bool parse_answer(std::string_view line, Answer &answer);

} // namespace hub_load

#endif
