#include "wm-serve/page_auth.h"

#include "wm-serve/close_code.h"
#include "wm-serve/jwt.h"

#include <ctime>

namespace wm::serve {

namespace {

PageIdentity refusal(int32_t code, const std::string &why)
{
    return {{}, PageIdentity::kNever, code, why};
}

} // namespace

std::string PageAuth::load()
{
    if (!options_->uses_jwt())
        return "";
    std::string wrong = key_.load(options_->jwt_key);
    return wrong.empty() ? "" : "--jwt-key " + options_->jwt_key + ": " + wrong;
}

PageIdentity PageAuth::identify(wm_conn conn, std::string_view first, UidScratch &scratch)
{
    return options_->uses_jwt() ? identify_by_token(conn, first, scratch) : identify_by_uid(conn, first, scratch);
}

PageIdentity PageAuth::identify_by_uid(wm_conn conn, std::string_view first, UidScratch &scratch)
{
    PageIdentity page;
    page.uid = first;
    const std::string &key = options_->uid_key;
    if (!key.empty() && scan_uid_member(first.data(), first.size(), key, scratch, page.uid) != ScanError::kNone)
        return refusal(kPolicyViolation, "the first message is a JSON object with the uid in \"" + key + "\"");
    if (page.uid.empty() || page.uid.size() > kMaxUidBytes)
        return refusal(kPolicyViolation, "the first message is the uid: 1 to 255 bytes of text");
    if (key.empty() && page.uid.front() == '{' && json_uid_.due())
        json_uid_.log("the page of " + peer_name(conn) +
                      " has JSON as its uid: --uid-key NAME takes the uid from a member of it"); // it may hold a password
    return page;
}

PageIdentity PageAuth::identify_by_token(wm_conn conn, std::string_view first, UidScratch &scratch)
{
    JwtClaims claims;
    JwtError error = read_jwt(first, key_, {options_->jwt_audience, options_->jwt_issuer}, std::time(nullptr), scratch, claims);
    if (error == JwtError::kNone)
        return {claims.uid, claims.end_s, 0, {}};
    if (error == JwtError::kNoMemory)
        return refusal(kTryAgainLater, "no room for another page");
    if (refused_.due()) // whatever is in it, the token is not for the log
        refused_.log("refused the token of the page of " + peer_name(conn) + ": " + jwt_error_text(error) +
                     (error == JwtError::kAlgorithm ? std::string(", ") + key_.algorithm() : ""));
    return refusal(kNotAuthorized, std::string("token refused: ") + jwt_error_text(error));
}

} // namespace wm::serve
