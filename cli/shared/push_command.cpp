#include "shared/push_command.h"

#include "shared/json_string.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace wm {

namespace {

using Kind = PushLine::Kind;

enum Name : uint8_t { kCmd, kReply, kUid, kGroup, kExcept, kSlow, kKey, kCode, kReason, kWm, kData, kOther };
constexpr std::string_view kNames[] = {"cmd", "reply", "uid", "group", "except", "slow", "key", "code", "reason", "wm", "data"};
static_assert(std::size(kNames) == kOther);

constexpr unsigned bit(Name name)
{
    return 1u << name;
}

constexpr unsigned kSendWishes = bit(kReply) | bit(kSlow) | bit(kKey); // of what pages are sent

/// What a command is made of, as bits of names: `needs` and `may` are members of "wm" besides cmd.
struct Command {
    std::string_view name;
    Kind kind;
    unsigned needs;
    unsigned may;
    bool has_data;
    ScanError form; ///< its text shows the form
};

// Of two with one name the second holds if its needs are there.
constexpr Command kCommands[] = {
    {"push", Kind::kPush, bit(kUid), kSendWishes, true, ScanError::kPushForm},
    {"push", Kind::kGroup, bit(kGroup), kSendWishes | bit(kExcept), true, ScanError::kPushForm},
    {"broadcast", Kind::kBroadcast, 0, kSendWishes, true, ScanError::kBroadcastForm},
    {"join", Kind::kJoin, bit(kUid) | bit(kGroup), bit(kReply), false, ScanError::kJoinForm},
    {"leave", Kind::kLeave, bit(kUid) | bit(kGroup), bit(kReply), false, ScanError::kLeaveForm},
    {"online", Kind::kOnline, bit(kUid), bit(kReply), false, ScanError::kOnlineForm},
    {"kick", Kind::kKick, bit(kUid), bit(kReply) | bit(kCode) | bit(kReason), false, ScanError::kKickForm},
    {"ticket", Kind::kTicket, bit(kUid), bit(kReply), false, ScanError::kTicketForm},
    {"explain", Kind::kExplain, 0, 0, false, ScanError::kExplainForm},
    {"notify_end", Kind::kNotifyEnd, 0, 0, false, ScanError::kNotifyEndForm},
};

/// The members of an object by their names.
struct Members {
    struct Member {
        JsonValue value;            ///< of the first
        const char *at = nullptr;   ///< the first; nullptr: there is none
        const char *next = nullptr; ///< the second
    };
    std::array<Member, kOther + 1> all;
    unsigned bits = 0; ///< of those that are there

    const Member &operator[](Name name) const { return all[name]; }
    void add(const JsonMember &member)
    {
        char scratch[8];
        std::string_view text;
        size_t name = kOther;
        if (read_json_string({member.name, member.name_len}, scratch, sizeof scratch, text) == ScanError::kNone)
            name = static_cast<size_t>(std::find(std::begin(kNames), std::end(kNames), text) - kNames);
        bits |= 1u << name;
        Member &place = all[name];
        if (place.at == nullptr)
            place = {member.value, member.name - 1, nullptr};
        else if (place.next == nullptr)
            place.next = member.name - 1;
    }
};

/// Reads a string of at most `cap` bytes; false: the value is none.
bool read_string(const JsonValue &value, char *scratch, size_t cap, std::string_view &text)
{
    return value.kind == JsonKind::kString && read_json_string({value.data + 1, value.len - 2}, scratch, cap, text) == ScanError::kNone;
}

bool is_json(const JsonValue &reply)
{
    char scratch[4];
    std::string_view text;
    return read_string(reply, scratch, sizeof scratch, text) && text == "json";
}

bool read_slow_word(const JsonValue &value, PushLine::Slow &slow)
{
    char scratch[16];
    std::string_view text;
    if (!read_string(value, scratch, sizeof scratch, text))
        return false;
    slow = text == "close" ? PushLine::Slow::kClose : PushLine::Slow::kDropOldest;
    return text == "close" || text == "drop_oldest";
}

/// RFC 6455 §7.4: what an endpoint may send. 0: the value is none of them.
int32_t close_code(const JsonValue &value)
{
    if (value.kind != JsonKind::kInteger || value.len != 4)
        return 0;
    int32_t code = 0;
    for (size_t i = 0; i < value.len; i++)
        code = code * 10 + (value.data[i] - '0');
    bool allowed = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
    return allowed ? code : 0;
}

/// One line, whose members have been found.
class CommandLine {
public:
    CommandLine(const char *text, const Members &line, const Members &wm, PushLine &out) : text_(text), line_(line), wm_(wm), out_(out) {}

    void read()
    {
        if (line_[kWm].next != nullptr)
            return refuse(ScanError::kWmTwice, line_[kWm].next);
        if (line_[kWm].value.kind != JsonKind::kObject)
            return refuse(ScanError::kWmForm, line_[kWm].value.data);
        for (unsigned name = 0; name < kOther; name++)
            if (wm_.all[name].next != nullptr)
                return refuse(ScanError::kWmMemberTwice, wm_.all[name].next);
        if (wm_[kReply].at != nullptr && !is_json(wm_[kReply].value))
            return refuse(ScanError::kReply, wm_[kReply].value.data);
        wm_[kCmd].at != nullptr ? read_command() : read_push();
    }

private:
    void refuse(ScanError error, const char *at) { refuse_line(out_, error, static_cast<size_t>(at - text_)); }

    /// A push of the whole line, with wishes for its answer, and for pages that read too slowly.
    void read_push()
    {
        const char *wrong = first_but(wm_, kSendWishes);
        if (wrong != nullptr || wm_.bits == 0)
            return refuse(ScanError::kWmForm, wrong != nullptr ? wrong : line_[kWm].value.data);
        const Members::Member &uid = line_[kUid];
        if (uid.at == nullptr)
            return refuse(ScanError::kUidMissing, text_);
        if (uid.next != nullptr)
            return refuse(ScanError::kUidTwice, uid.next);
        out_.kind = Kind::kPush;
        read_uids(text_, uid.value, out_);
        read_slow();
    }

    void read_command()
    {
        const Command *command = find_command();
        if (command == nullptr)
            return refuse(ScanError::kCmd, wm_[kCmd].value.data);
        if (const char *wrong = misplaced(*command); wrong != nullptr)
            return refuse(command->form, wrong);
        out_.kind = command->kind;
        if (command->has_data)
            out_.data = {line_[kData].value.data, line_[kData].value.len};
        read_values();
    }

    const Command *find_command() const
    {
        const Command *found = nullptr;
        char scratch[16];
        std::string_view name;
        if (!read_string(wm_[kCmd].value, scratch, sizeof scratch, name))
            return nullptr;
        for (const Command &command : kCommands)
            if (command.name == name && (found == nullptr || (wm_.bits & command.needs) == command.needs))
                found = &command;
        return found;
    }

    /// The first member whose name is not one of `allowed`; nullptr: there is none.
    static const char *first_but(const Members &members, unsigned allowed)
    {
        const char *first = nullptr;
        for (unsigned rest = members.bits & ~allowed; rest != 0; rest &= rest - 1) {
            const char *at = members.all[static_cast<unsigned>(std::countr_zero(rest))].at;
            if (first == nullptr || at < first)
                first = at;
        }
        return first;
    }

    /// Where the line is not of the form of its command: a member too many, or "wm" if one is missing; nullptr: it is.
    const char *misplaced(const Command &command) const
    {
        if (const char *wrong = first_but(wm_, bit(kCmd) | command.needs | command.may); wrong != nullptr)
            return wrong;
        if (const char *wrong = first_but(line_, bit(kWm) | (command.has_data ? bit(kData) : 0)); wrong != nullptr)
            return wrong;
        bool complete = (wm_.bits & command.needs) == command.needs && (line_[kData].at != nullptr) == command.has_data;
        return complete ? line_[kData].next : line_[kWm].at;
    }

    void read_values()
    {
        if (wm_[kUid].at != nullptr)
            read_uids(text_, wm_[kUid].value, out_);
        if (out_.kind == Kind::kTicket && !out_.uids.empty())
            refuse(ScanError::kTicketForm, wm_[kUid].value.data);
        read_value(kGroup, ScanError::kGroupForm,
                   [this](const JsonValue &value) { return read_name(value, out_.group_buffer, out_.group); });
        read_value(kExcept, ScanError::kExceptForm,
                   [this](const JsonValue &value) { return read_name(value, out_.except_buffer, out_.except); });
        read_slow();
        read_value(kCode, ScanError::kCodeForm, [this](const JsonValue &value) { return (out_.code = close_code(value)) != 0; });
        read_value(kReason, ScanError::kReasonForm, [this](const JsonValue &value) { return read_reason(value); });
    }

    void read_slow()
    {
        read_value(kSlow, ScanError::kSlowForm, [this](const JsonValue &value) { return read_slow_word(value, out_.slow); });
        read_value(kKey, ScanError::kKeyForm, [this](const JsonValue &value) { return read_name(value, out_.key_buffer, out_.key); });
        read_value(kSlow, ScanError::kKeyBesideSlow, [this](const JsonValue &) { return wm_[kKey].at == nullptr; });
    }

    /// Reads a member that is there by read(value), if all before it were right.
    template <class Read> void read_value(Name name, ScanError error, Read read)
    {
        if (wm_[name].at != nullptr && out_.error == ScanError::kNone && !read(wm_[name].value))
            refuse(error, wm_[name].value.data);
    }

    static bool read_name(const JsonValue &value, UidScratch &scratch, std::string_view &name)
    {
        return read_uid(value, scratch, name) == ScanError::kNone;
    }

    bool read_reason(const JsonValue &value) { return read_string(value, out_.text_buffer, sizeof out_.text_buffer, out_.text); }

    const char *text_;
    const Members &line_;
    const Members &wm_;
    PushLine &out_;
};

} // namespace

void read_line_with_wm(const char *text, size_t len, PushLine &out)
{
    Members members, wm;
    JsonReader<JsonBounds::kChecked> reader(text, len);
    bool is_line = reader.read_object([&](const JsonMember &member) { members.add(member); }) && reader.at_end();
    const JsonValue &value = members[kWm].value;
    if (value.kind == JsonKind::kObject)
        JsonReader<JsonBounds::kGuarded>(value.data, value.len).read_object([&](const JsonMember &member) { wm.add(member); });
    if (is_line)
        CommandLine(text, members, wm, out).read();
    else
        refuse_line(out, reader.error(), reader.offset());
    out.json_reply = wm[kReply].next == nullptr && is_json(wm[kReply].value);
}

} // namespace wm
