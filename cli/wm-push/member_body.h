/**
 * @file
 * Builds a body from the values of -k.
 */
#ifndef WM_PUSH_MEMBER_BODY_H
#define WM_PUSH_MEMBER_BODY_H

#include "wm-push/exit_code.h"

#include <string>
#include <vector>

namespace wm {

/// Builds an object from NAME=TEXT and NAME:=JSON in their order; JSON is copied as written. On false, `failure` has the reason.
bool build_member_body(const std::vector<std::string> &members, std::string &body, Failure &failure);

} // namespace wm

#endif
