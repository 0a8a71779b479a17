#include "hub/cluster/own_names.h"

#include "core/reserve.h"
#include "hub/cluster/claim_records.h"

#include <algorithm>
#include <array>

namespace wm::cluster {

using router::Op;

bool OwnNames::add(uint16_t hub, NameKind kind, std::string_view name)
{
    if (self_ == Directory::kNoTarget)
        self_ = claims_.directory.open(0);
    if (self_ == Directory::kNoTarget)
        return false;
    uint64_t fp = prints_.of(hub, kind, name);
    if (!claims_.directory.is_claimed(fp, self_))
        return claims_.directory.add(fp, self_);
    if (!reserve_in(again_, again_.size() + 1))
        return false;
    again_.push_back(fp);
    return true;
}

void OwnNames::remove(uint16_t hub, NameKind kind, std::string_view name)
{
    uint64_t fp = prints_.of(hub, kind, name);
    auto again = std::find(again_.begin(), again_.end(), fp);
    if (again != again_.end())
        again_.erase(again);
    else
        claims_.directory.remove(fp, self_);
}

void OwnNames::ask(uint64_t service)
{
    service_ = service;
    greets_ = true;
    if (!answering_)
        stream_ = ClaimStream(claims_.seq());
}

void OwnNames::want(uint64_t have)
{
    stream_ = ClaimStream(have);
    answering_ = true;
}

void OwnNames::flush(router::Router &router)
{
    if (service_ == 0 || (!greets_ && stream_.is_done(claims_)))
        return;
    std::array<char, kMaxClaimBody> body;
    while (router.takes_names(service_)) {
        if (greets_) {
            char *end = put_names(body.data(), {claims_.seq(), claims_.digest()});
            greets_ = false;
            router.tell_names(service_, Op::kNames, {body.data(), static_cast<size_t>(end - body.data())});
        }
        size_t size = 0;
        ClaimOp op = stream_.next(claims_, body.data(), &size);
        if (op == ClaimOp::kDelta || op == ClaimOp::kState)
            router.tell_names(service_, op == ClaimOp::kDelta ? Op::kDelta : Op::kState, {body.data(), size});
        greets_ = answering_ && stream_.is_done(claims_);
        answering_ = answering_ && !greets_;
        if (!greets_ && op != ClaimOp::kDelta && op != ClaimOp::kState)
            return;
    }
}

} // namespace wm::cluster
