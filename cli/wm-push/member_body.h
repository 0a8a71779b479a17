/**
 * @file
 * Builds a body out of the values of -k.
 */
#ifndef WM_PUSH_MEMBER_BODY_H
#define WM_PUSH_MEMBER_BODY_H

#include "wm-push/exit_code.h"

#include <string>
#include <vector>

namespace wm {

/// Makes an object of NAME=TEXT and NAME:=JSON, in their order; the JSON goes
/// in as it is written. False: failure says why.
bool build_member_body(const std::vector<std::string> &members, std::string &body, Failure &failure);

} // namespace wm

#endif
