// The strict scan of push lines with "wm": every command, its form, its values, and the place of what is wrong.
#include "unit/scanned_line.h"

#include <vector>

using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

using Kind = PushLine::Kind;

void assert_kind(const Scanned &scanned, std::string_view text, Kind kind)
{
    if (scanned.line().kind != kind)
        fail_msg("%.*s: kind %d, offset %zu: %s", static_cast<int>(text.size()), text.data(), static_cast<int>(scanned.line().kind),
                 scanned.line().offset, scanned.line().reason());
    assert_int_equal(scanned.line().error, ScanError::kNone);
}

void assert_broadcast(std::string_view text, std::string_view data)
{
    Scanned scanned(text);
    assert_kind(scanned, text, Kind::kBroadcast);
    assert_view(scanned.line().data, data);
}

/// The place of an error is marked by a ^ before it.
void assert_refused_at_mark(std::string_view marked, ScanError error)
{
    std::string text(marked);
    size_t place = text.find('^');
    text.erase(place, 1);
    assert_refused(text, error, place);
}

std::vector<std::string> uids_of(const PushLine &line)
{
    std::vector<std::string> uids;
    wm::each_uid(line.uids, [&](std::string_view uid) { uids.emplace_back(uid); });
    return uids;
}

std::string list_of(size_t count)
{
    return "[" + times("\"u\",", count - 1) + "1]";
}

void push_command__notify_end_and_explain_stand_alone(void **)
{
    for (auto text : {R"({"wm":{"cmd":"notify_end"}})"sv, R"( {"w\u006d" : {"cmd":"notify\u005fend"}} )"sv})
        assert_kind(Scanned(text), text, Kind::kNotifyEnd);
    assert_kind(Scanned(R"({"wm":{"cmd":"explain"}})"), "explain", Kind::kExplain);
    assert_refused_at_mark(R"({"wm":{"cmd":"notify_end",^"x":1}})", ScanError::kNotifyEndForm);
    assert_refused_at_mark(R"({"wm":{"cmd":"notify_end",^"reply":"json"}})", ScanError::kNotifyEndForm);
    assert_refused_at_mark(R"({"wm":{"cmd":"notify_end"},^"data":1})", ScanError::kNotifyEndForm);
    assert_refused_at_mark(R"({"wm":{"cmd":"explain"},^"uid":"a"})", ScanError::kExplainForm);
    assert_refused_at_mark(R"({"wm":{"cmd":"explain",^"cmd":"explain"}})", ScanError::kWmMemberTwice);
    assert_refused_at_mark(R"({"wm":^"notify_end"})", ScanError::kWmForm);
}

void push_command__gives_a_broadcast_its_value_byte_for_byte(void **)
{
    assert_broadcast(R"({"wm":{"cmd":"broadcast"},"data":{"a": 1.50}})", R"({"a": 1.50})");
    assert_broadcast(R"({"data": "x\/y" , "wm" : { "cmd" : "broadcast" } })", R"("x\/y")");
    assert_broadcast(R"({"wm":{"cmd":"broadcast"},"data": 12345678901234567890 })", "12345678901234567890");
    assert_broadcast(R"({"wm":{"cmd":"broadcast"},"data":null})", "null");
    assert_broadcast(R"({"w\u006d":{"\u0063md":"broad\u0063ast"},"d\u0061ta":[]})", "[]");
    assert_broadcast(R"({"wm":{"cmd":"broadcast"},"data":{"uid":"a","wm":1}})", R"({"uid":"a","wm":1})");
}

void push_command__pushes_a_value_to_a_group_or_to_uids(void **)
{
    Scanned group(R"({"wm":{"cmd":"push","group":"g\u00e9","except":42},"data": [1.50] })");
    assert_kind(group, "group", Kind::kGroup);
    assert_view(group.line().group, "gé");
    assert_view(group.line().except, "42");
    assert_view(group.line().data, "[1.50]");
    Scanned all_of_it(R"({"data":1,"wm":{"group":7,"cmd":"push"}})");
    assert_kind(all_of_it, "group", Kind::kGroup);
    assert_view(all_of_it.line().group, "7");
    assert_true(all_of_it.line().except.empty());
    Scanned uid(R"({"wm":{"cmd":"push","uid":"a"},"data":"x"})");
    assert_kind(uid, "uid", Kind::kPush);
    assert_view(uid.line().uid, "a");
    assert_view(uid.line().data, "\"x\"");
    assert_false(uid.line().plain);
    assert_refused_at_mark(R"({^"wm":{"cmd":"push"},"data":1})", ScanError::kPushForm);
    assert_refused_at_mark(R"({^"wm":{"cmd":"push","group":"g"}})", ScanError::kPushForm);
    assert_refused_at_mark(R"({"wm":{"cmd":"push",^"uid":"a","group":"g"},"data":1})", ScanError::kPushForm);
    assert_refused_at_mark(R"({"wm":{"cmd":"push","uid":"a",^"except":"b"},"data":1})", ScanError::kPushForm);
    assert_refused_at_mark(R"({"wm":{"cmd":"push","group":"g"},"data":1,^"uid":"a"})", ScanError::kPushForm);
    assert_refused_at_mark(R"({"wm":{"cmd":"push","group":^["g"]},"data":1})", ScanError::kGroupForm);
    assert_refused_at_mark(R"({"wm":{"cmd":"push","group":^""},"data":1})", ScanError::kGroupForm);
    assert_refused_at_mark(R"({"wm":{"cmd":"push","group":^")" + times("g", 256) + R"("},"data":1})", ScanError::kGroupForm);
    assert_refused_at_mark(R"({"wm":{"cmd":"push","group":"g","except":^["a"]},"data":1})", ScanError::kExceptForm);
    assert_refused_at_mark(R"({"wm":{"cmd":"push","group":"g","except":^null},"data":1})", ScanError::kExceptForm);
}

void push_command__reads_what_is_for_pages_that_read_too_slowly(void **)
{
    using Slow = PushLine::Slow;
    Scanned whole(R"({"uid":"a","percent":1,"wm":{"slow":"drop_oldest"}})");
    assert_kind(whole, "whole", Kind::kPush);
    assert_true(whole.line().slow == Slow::kDropOldest && whole.line().key.empty() && !whole.line().plain && !whole.line().json_reply);
    Scanned list(R"({"wm":{"reply":"json","\u006bey":"p\u0065rcent"},"uid":["a"]})");
    assert_kind(list, "list", Kind::kPush);
    assert_view(list.line().key, "percent");
    assert_true(list.line().slow == Slow::kDefault && list.line().json_reply);
    for (std::string_view to : {R"("push","uid":"a")", R"("push","group":"g","except":"a")", R"("broadcast")"}) {
        std::string begin = R"({"data":1,"wm":{"cmd":)" + std::string(to);
        Scanned keyed(begin + R"(,"key":7}})");
        assert_view(keyed.line().key, "7");
        Scanned closing(begin + R"(,"slow":"close"}})");
        assert_true(closing.line().slow == Slow::kClose && closing.line().key.empty());
        assert_refused_at_mark(begin + R"(,"key":^""}})", ScanError::kKeyForm);
        assert_refused_at_mark(begin + R"(,"slow":^"latest"}})", ScanError::kSlowForm);
        assert_refused_at_mark(begin + R"(,"key":"k","slow":^"drop_oldest"}})", ScanError::kKeyBesideSlow);
        assert_refused_at_mark(begin + R"(,"key":"k",^"key":"k"}})", ScanError::kWmMemberTwice);
    }
    assert_refused_at_mark(R"({"uid":"a","wm":{"slow":^"drop-oldest"}})", ScanError::kSlowForm);
    assert_refused_at_mark(R"({"uid":"a","wm":{"slow":^true}})", ScanError::kSlowForm);
    assert_refused_at_mark(R"({"uid":"a","wm":{"slow":^"close","key":"k"}})", ScanError::kKeyBesideSlow);
    assert_refused_at_mark(R"({"uid":"a","wm":{"key":^["k"]}})", ScanError::kKeyForm);
    assert_refused_at_mark(R"({"uid":"a","wm":{"key":^")" + times("k", 256) + R"("}})", ScanError::kKeyForm);
    assert_refused_at_mark(R"({"uid":^1.5,"wm":{"key":""}})", ScanError::kUidType);
    assert_refused_at_mark(R"({"uid":"a","wm":{"key":"k",^"x":1}})", ScanError::kWmForm);
    assert_refused_at_mark(R"({"wm":{"cmd":"online","uid":"a",^"key":"k"}})", ScanError::kOnlineForm);
    assert_refused_at_mark(R"({"wm":{"cmd":"kick","uid":"a",^"slow":"close"}})", ScanError::kKickForm);
}

void push_command__reads_lists_of_uids(void **)
{
    Scanned line(R"({"uid":["a", 7 ,"\u0062","a"],"x":1})");
    assert_kind(line, "a list", Kind::kPush);
    assert_true(line.line().uid.empty() && line.line().data.empty());
    assert_true(uids_of(line.line()) == (std::vector<std::string>{"a", "7", "b", "a"}));
    assert_false(line.line().plain);
    Scanned reply(R"({"uid":["a"],"wm":{"reply":"json"}})");
    assert_kind(reply, "a list", Kind::kPush);
    assert_true(reply.line().json_reply);
    for (std::string_view cmd : {"online", "kick"}) {
        std::string text = "{\"wm\":{\"cmd\":\"" + std::string(cmd) + "\",\"uid\":[ \"a\" ]}}";
        assert_true(uids_of(Scanned(text).line()) == std::vector<std::string>{"a"});
    }
    assert_kind(Scanned("{\"uid\":" + list_of(1000) + "}"), "1000", Kind::kPush);
    std::string many = "{\"uid\":" + list_of(1001) + "}";
    assert_refused(many, ScanError::kUidsMany, many.size() - 3);
    assert_refused_at_mark(R"({"uid":^[]})", ScanError::kUidsEmpty);
    assert_refused_at_mark(R"({"uid":["a",^1.5,true]})", ScanError::kUidType);
    assert_refused_at_mark(R"({"uid":["a",^["b"]]})", ScanError::kUidType);
    assert_refused_at_mark(R"({"uid":["a",^""]})", ScanError::kUidEmpty);
    assert_refused_at_mark(R"({"uid":[^-0]})", ScanError::kUidMinusZero);
    assert_refused_at_mark(R"({"uid":["a",^"\ud800"],"uid\n":1})", ScanError::kUidSurrogate);
    assert_refused_at_mark(R"({"wm":{"cmd":"online","uid":["a",^{}]}})", ScanError::kUidType);
    assert_refused_at_mark(R"({"uid":["a"],^"uid":"b"})", ScanError::kUidTwice);
    assert_refused_at_mark(R"({"uid":["a" ^"b"]})", ScanError::kCommaExpected);
}

void push_command__reads_join_leave_online(void **)
{
    Scanned join(R"({"wm":{"cmd":"join","uid":"a","group":"g"}})");
    assert_kind(join, "join", Kind::kJoin);
    assert_view(join.line().uid, "a");
    assert_view(join.line().group, "g");
    // Both are decoded, each into memory of its own.
    Scanned leave(R"({"wm":{"group":"\u0067","cmd":"leave","uid":"\u0061"}})");
    assert_kind(leave, "leave", Kind::kLeave);
    assert_view(leave.line().uid, "a");
    assert_view(leave.line().group, "g");
    Scanned online(R"({"wm":{"cmd":"online","uid":7,"reply":"json"}})");
    assert_kind(online, "online", Kind::kOnline);
    assert_view(online.line().uid, "7");
    assert_true(online.line().json_reply);
    assert_refused_at_mark(R"({^"wm":{"cmd":"join","uid":"a"}})", ScanError::kJoinForm);
    assert_refused_at_mark(R"({^"wm":{"cmd":"leave","group":"a"}})", ScanError::kLeaveForm);
    assert_refused_at_mark(R"({"wm":{"cmd":"leave","uid":"a","group":"g"},^"data":1})", ScanError::kLeaveForm);
    assert_refused_at_mark(R"({^"wm":{"cmd":"online"}})", ScanError::kOnlineForm);
    assert_refused_at_mark(R"({"wm":{"cmd":"online"},^"uid":"a"})", ScanError::kOnlineForm);
    assert_refused_at_mark(R"({"wm":{"cmd":"online","uid":"a",^"group":"g"}})", ScanError::kOnlineForm);
}

void push_command__reads_a_ticket(void **)
{
    Scanned ticket(R"({"wm":{"cmd":"ticket","uid":"\u0061"}})");
    assert_kind(ticket, "ticket", Kind::kTicket);
    assert_view(ticket.line().uid, "a");
    assert_false(ticket.line().json_reply);
    Scanned in_json(R"({"wm":{"reply":"json","uid":7,"cmd":"ticket"}})");
    assert_kind(in_json, "ticket", Kind::kTicket);
    assert_view(in_json.line().uid, "7");
    assert_true(in_json.line().json_reply);
    assert_refused_at_mark(R"({^"wm":{"cmd":"ticket"}})", ScanError::kTicketForm);
    assert_refused_at_mark(R"({"wm":{"cmd":"ticket","uid":^["a"]}})", ScanError::kTicketForm);
    assert_refused_at_mark(R"({"wm":{"cmd":"ticket","uid":[^""]}})", ScanError::kUidEmpty);
    assert_refused_at_mark(R"({"wm":{"cmd":"ticket","uid":^""}})", ScanError::kUidEmpty);
    assert_refused_at_mark(R"({"wm":{"cmd":"ticket","uid":^null}})", ScanError::kUidType);
    assert_refused_at_mark(R"({"wm":{"cmd":"ticket","uid":"a",^"group":"g"}})", ScanError::kTicketForm);
    assert_refused_at_mark(R"({"wm":{"cmd":"ticket","uid":"a"},^"data":1})", ScanError::kTicketForm);
    assert_refused_at_mark(R"({"wm":{"cmd":"ticket"},^"uid":"a"})", ScanError::kTicketForm);
}

void push_command__reads_a_kick(void **)
{
    Scanned kick(R"({"wm":{"cmd":"kick","uid":"a","code":4003,"reason":"signed \u006fut"}})");
    assert_kind(kick, "kick", Kind::kKick);
    assert_view(kick.line().uid, "a");
    assert_int_equal(kick.line().code, 4003);
    assert_view(kick.line().text, "signed out");
    Scanned bare(R"({"wm":{"cmd":"kick","uid":"a"}})");
    assert_kind(bare, "kick", Kind::kKick);
    assert_int_equal(bare.line().code, 0);
    assert_true(bare.line().text.empty());
    for (auto code : {"1000", "1003", "1007", "1014", "3000", "4999"})
        assert_kind(Scanned(R"({"wm":{"cmd":"kick","uid":"a","code":)"s + code + "}}"), code, Kind::kKick);
    for (auto code :
         {"0", "999", "1004", "1005", "1006", "1015", "1016", "2999", "5000", "-400", "-4000", "4000.0", "4e3", "\"4000\"", "null"})
        assert_refused_at_mark(R"({"wm":{"cmd":"kick","uid":"a","code":^)"s + code + "}}", ScanError::kCodeForm);
    assert_kind(Scanned(R"({"wm":{"cmd":"kick","uid":"a","reason":")" + times("r", 123) + R"("}})"), "123", Kind::kKick);
    for (auto &reason : {"\"" + times("r", 124) + "\"", R"("\u00e9)" + times("r", 122) + "\"", "1"s, "\"\\ud800\""s})
        assert_refused_at_mark(R"({"wm":{"cmd":"kick","uid":"a","reason":^)" + reason + "}}", ScanError::kReasonForm);
    assert_refused_at_mark(R"({"wm":{"cmd":"kick","uid":"a",^"group":"g"}})", ScanError::kKickForm);
}

void push_command__refuses_every_other_wm(void **)
{
    assert_refused_at_mark(R"({"wm":^1})", ScanError::kWmForm);
    assert_refused_at_mark(R"({"wm":^{},"data":1})", ScanError::kWmForm);
    assert_refused_at_mark(R"({"uid":"a","wm":{^"x":1}})", ScanError::kWmForm);
    assert_refused_at_mark(R"({"wm":^[{"cmd":"broadcast"}],"data":1})", ScanError::kWmForm);
    assert_refused_at_mark(R"({"uid":"a","\u0077m":^1})", ScanError::kWmForm);
    for (auto cmd : {R"("Broadcast")", R"("broadcast\u0000")", R"("broadcasts")", "\"\"", "1", "null", R"(["broadcast"])",
                     R"("a command with a name that is longer than all of them")"})
        assert_refused_at_mark(R"({"wm":{"cmd":^)"s + cmd + R"(},"data":1})", ScanError::kCmd);
    assert_refused_at_mark(R"({^"wm":{"cmd":"broadcast"}})", ScanError::kBroadcastForm);
    assert_refused_at_mark(R"({"wm":{"cmd":"broadcast",^"x":1},"data":1})", ScanError::kBroadcastForm);
    assert_refused_at_mark(R"({"wm":{"cmd":"broadcast",^"cmd":"broadcast"},"data":1})", ScanError::kWmMemberTwice);
    assert_refused_at_mark(R"({"wm":{"cmd":"broadcast"},"data":1,^"data":2})", ScanError::kBroadcastForm);
    assert_refused_at_mark(R"({"wm":{"cmd":"broadcast"},"data":1,^"uid":"a"})", ScanError::kBroadcastForm);
    assert_refused_at_mark(R"({^"x":2,"wm":{"cmd":"broadcast"},"data":1})", ScanError::kBroadcastForm);
    assert_refused_at_mark(R"({"wm":{"cmd":"broadcast"},^"wm":{"cmd":"broadcast"}})", ScanError::kWmTwice);
    assert_refused_at_mark(R"({"wm":{"cmd":"broadcast"},"data":^})", ScanError::kValueExpected);
}

void push_command__takes_a_reply_in_json(void **)
{
    for (auto text : {
             R"({"uid":"a","wm":{"reply":"json"}})",
             R"({"wm":{"reply":"json"},"data":1,"uid":"a"})",
             R"({"uid":"a","w\u006d":{"re\u0070ly" : "js\u006fn"},"cmd":"x"})",
         }) {
        assert_push(text, "a");
        assert_true(Scanned(text).line().json_reply);
        assert_false(Scanned(text).line().plain);
    }
    for (auto text : {
             R"({"wm":{"cmd":"broadcast","reply":"json"},"data":[1]})",
             R"({"data":[1],"wm":{"reply":"json","cmd":"broadcast"}})",
         }) {
        assert_broadcast(text, "[1]");
        assert_true(Scanned(text).line().json_reply);
    }
    assert_false(Scanned(R"({"wm":{"cmd":"broadcast"},"data":1})").line().json_reply);
    assert_false(Scanned(R"({"uid":"a","x":{"wm":{"reply":"json"}}})").line().json_reply);
}

void push_command__sees_the_wish_for_json_in_bad_lines(void **)
{
    const struct {
        std::string_view text;
        ScanError error;
    } rows[] = {
        {R"(^{"wm":{"reply":"json"}})", ScanError::kUidMissing},
        {R"({"wm":{"reply":"json"},"uid":^1.5})", ScanError::kUidType},
        {R"({"wm":{"reply":"json"},"uid":"a",^"uid":"b"})", ScanError::kUidTwice},
        {R"({"wm":{"reply":"json"},"uid":"a",^})", ScanError::kNameExpected},
        {R"({"wm":{"reply":"json"},"uid":"a" ^x})", ScanError::kCommaExpected},
        {R"({"wm":{"reply":"json"},"uid":^)", ScanError::kTruncated},
        {R"({"uid":"a","wm":{"reply":"json"}}^x)", ScanError::kTextBehind},
        {R"({^"uid":"a","wm":{"reply":"json","cmd":"kick"}})", ScanError::kKickForm},
        {R"({"uid":"a","wm":{"reply":"json",^"x":1}})", ScanError::kWmForm},
        {R"({"wm":{"reply":"json"},"uid":"a",^"wm":{"reply":"json"}})", ScanError::kWmTwice},
    };
    for (const auto &row : rows) {
        assert_refused_at_mark(row.text, row.error);
        std::string text(row.text);
        text.erase(text.find('^'), 1);
        assert_true(Scanned(text).line().json_reply);
    }
    for (auto text : {
             R"({"uid":"a","wm":{"reply":^"xml"}})",
             R"({"uid":"a","wm":{"reply":^"jsonjsonjsonjsonjson"}})",
             R"({"uid":"a","wm":{"reply":^1}})",
         })
        assert_refused_at_mark(text, ScanError::kReply);
    assert_refused_at_mark(R"({"uid":"a","wm":{^"Reply":"json"}})", ScanError::kWmForm);
    assert_refused_at_mark(R"({"uid":"a","wm":{"reply":"json",^"reply":"json"}})", ScanError::kWmMemberTwice);
    for (auto text : {R"({"uid":"a","wm":{"reply":"xml"}})", R"({"uid":"a","wm":{"reply":"json","reply":"json"}})",
                      R"({"uid":"a","wm":[{"reply":"json"}]})", R"({"uid":"a","wm":"json"})", R"({"uid":"a",,"wm":{"reply":"json"}})"})
        assert_false(Scanned(text).line().json_reply);
}

void push_command__sentences_hold_the_limits(void **)
{
    assert_non_null(std::strstr(wm::scan_error_text(ScanError::kUidsMany), std::to_string(wm::kMaxUids).c_str()));
    assert_non_null(std::strstr(wm::scan_error_text(ScanError::kReasonForm), std::to_string(wm::kMaxCloseText).c_str()));
    for (ScanError error : {ScanError::kGroupForm, ScanError::kExceptForm})
        assert_non_null(std::strstr(wm::scan_error_text(error), std::to_string(wm::kMaxUidBytes).c_str()));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(push_command__notify_end_and_explain_stand_alone),
        cmocka_unit_test(push_command__gives_a_broadcast_its_value_byte_for_byte),
        cmocka_unit_test(push_command__pushes_a_value_to_a_group_or_to_uids),
        cmocka_unit_test(push_command__reads_what_is_for_pages_that_read_too_slowly),
        cmocka_unit_test(push_command__reads_lists_of_uids),
        cmocka_unit_test(push_command__reads_join_leave_online),
        cmocka_unit_test(push_command__reads_a_ticket),
        cmocka_unit_test(push_command__reads_a_kick),
        cmocka_unit_test(push_command__refuses_every_other_wm),
        cmocka_unit_test(push_command__takes_a_reply_in_json),
        cmocka_unit_test(push_command__sees_the_wish_for_json_in_bad_lines),
        cmocka_unit_test(push_command__sentences_hold_the_limits),
    };
    return cmocka_run_group_tests_name("push_command", tests, nullptr, nullptr);
}
