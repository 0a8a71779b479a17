/**
 * @file
 * Phases of a run: opening, loading, settling, and a grace in which nothing more may come.
 */
#include "load.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <poll.h>
#include <unistd.h>

namespace hub_load {

namespace {

constexpr int64_t kTickMs = 5;
constexpr int64_t kGraceMs = 300;
constexpr size_t kFirstPerTick = 50;  ///< pages that connect for the first time: a server ends connections when too many say nothing yet
constexpr uint32_t kNoPageEvery = 50; ///< pushes, of which one is to a uid without pages
constexpr size_t kMaxInputLine = 4096;

int64_t clock_ms()
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1000000;
}

Rules rules_of(const Options &options)
{
    Rules rules;
    rules.kills = options.kills;
    rules.faults = options.faults;
    rules.hang_ms = options.hang_ms;
    return rules;
}

} // namespace

Load::Load(const Options &options)
    : options_(options), judge_(rules_of(options), report_, [this](uint32_t page) { pages_[page]->ping(); }), app_(wm_app_new()),
      started_ms_(clock_ms()), random_(options.seed)
{
    int64_t connections = int64_t{options.pages} + options.back_ends + int64_t{kMaxFresh};
    must(app_ ? wm_app_set_int(app_, "max_connections", 2 * connections) : -1, "wm_app_new"); // with those that have ended in a turn
    for (uint32_t page = 0; page < options.pages; page++) {
        judge_.add_page(page % options.uids);
        pages_.push_back(std::make_unique<Page>(*this, page, page % options.uids));
    }
    for (uint32_t i = 0; i < options.back_ends; i++)
        steady_.push_back(std::make_unique<BackEnd>(*this, BackEnd::Kind::kSteady, i));
    if (wm_timer_add(
            app_, kTickMs, kTickMs, [](wm_timer, void *self) { static_cast<Load *>(self)->tick(); }, this, nullptr) == 0)
        fail(std::string("wm_timer_add: ") + wm_last_error());
    if (options.seconds == 0)
        watch_input();
}

Load::~Load()
{
    wm_app_free(app_);
}

int64_t Load::now() const
{
    return clock_ms() - started_ms_;
}

Judge &Load::judge()
{
    judge_.set_time(now());
    return judge_;
}

Judge &Load::judge_of_an_end()
{
    struct pollfd input = {STDIN_FILENO, POLLIN, 0};
    while (input_watch_ != 0 && poll(&input, 1, 0) > 0)
        read_input();
    return judge();
}

uint32_t Load::any_uid()
{
    uint64_t z = random_ += 0x9e3779b97f4a7c15U; // splitmix64: the same numbers everywhere
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    z ^= z >> 31;
    return z % kNoPageEvery == 0 ? options_.uids : static_cast<uint32_t>((z >> 32) % options_.uids);
}

wm_client *Load::new_client(const std::string &address)
{
    wm_client *client = wm_client_new(app_, address.c_str());
    must(client ? wm_client_set_int(client, "connect_timeout_ms", options_.hang_ms) : -1, address.c_str());
    return client;
}

void Load::must(int result, const char *what) const
{
    if (result < 0)
        fail(std::string(what) + ": " + wm_last_error());
}

void Load::fail(const std::string &text) const
{
    fprintf(stderr, "hub_load: %s\n", text.c_str());
    exit(2);
}

// ---- phases

int Load::run()
{
    while (phase_ != Phase::kOver)
        must(wm_app_run_once(app_, -1), "wm_app_run_once");
    printf("%s\n", report_.json().c_str());
    return report_.violated() ? 1 : 0;
}

void Load::enter(Phase phase)
{
    phase_ = phase;
    phase_ms_ = now();
}

void Load::tick()
{
    judge().tick();
    int64_t elapsed = now() - phase_ms_;
    for (size_t left = kFirstPerTick; connected_ < pages_.size() && left > 0; left--)
        pages_[connected_++]->connect();
    if (phase_ == Phase::kOpening && judge_.all_open())
        begin_load();
    else if (phase_ == Phase::kOpening && elapsed > options_.hang_ms)
        end_load();
    else if (phase_ == Phase::kLoading && options_.seconds > 0 && elapsed >= int64_t{options_.seconds} * 1000)
        end_load();
    else if (phase_ == Phase::kLoading)
        send_due();
    else if (phase_ == Phase::kSettling && (settled() || elapsed > options_.hang_ms))
        enter(Phase::kGrace);
    else if (phase_ == Phase::kGrace && elapsed >= kGraceMs)
        finish();
}

void Load::begin_load()
{
    enter(Phase::kLoading);
    printf("open\n");
    fflush(stdout);
    last_send_ms_ = next_broadcast_ms_ = phase_ms_;
    for (const auto &back_end : steady_)
        back_end->owe(0);
}

void Load::end_load()
{
    loaded_ms_ = phase_ == Phase::kLoading ? now() - phase_ms_ : 0;
    if (phase_ == Phase::kOpening || phase_ == Phase::kLoading)
        enter(Phase::kSettling);
}

/// Nothing is on its way any more, or waits for a connection.
bool Load::settled() const
{
    auto idle = [](const auto &back_end) { return back_end->idle(); };
    return judge_.settled() && std::all_of(fresh_.begin(), fresh_.end(), idle);
}

void Load::finish()
{
    judge().finish();
    double seconds = static_cast<double>(std::max<int64_t>(loaded_ms_, 1)) / 1000;
    report_.rates["seconds"] = seconds;
    for (const char *what : {"pushes", "received", "opened"})
        report_.rates[std::string(what) + "_per_second"] = static_cast<double>(report_.counts[what]) / seconds;
    enter(Phase::kOver);
}

// ---- what is sent, and when

void Load::send_due()
{
    double seconds = static_cast<double>(now() - last_send_ms_) / 1000;
    last_send_ms_ = now();
    if (options_.window == 0)
        due_steady_ += seconds * options_.rate;
    for (; due_steady_ >= 1; due_steady_--)
        next_steady().owe(1);
    for (due_fresh_ += seconds * options_.fresh; due_fresh_ >= 1; due_fresh_--)
        begin_fresh();
    if (options_.broadcast_ms > 0 && now() >= next_broadcast_ms_) {
        next_broadcast_ms_ += options_.broadcast_ms;
        next_steady().owe_broadcast();
    }
}

BackEnd &Load::next_steady()
{
    next_steady_ = (next_steady_ + 1) % steady_.size();
    return *steady_[next_steady_];
}

void Load::begin_fresh()
{
    for (const auto &back_end : fresh_)
        if (back_end->idle()) {
            back_end->begin();
            return;
        }
    if (fresh_.size() == kMaxFresh) {
        report_.counts["not_begun"]++; // all of them wait for an answer
        return;
    }
    size_t number = fresh_.size();
    fresh_.push_back(std::make_unique<BackEnd>(*this, number % 2 == 0 ? BackEnd::Kind::kCareful : BackEnd::Kind::kBlunt, number / 2));
    fresh_.back()->begin();
}

// ---- standard input

void Load::watch_input()
{
    input_watch_ = wm_watch_add(
        app_, STDIN_FILENO, WM_WATCH_READ, [](wm_watch, int, int32_t, void *self) { static_cast<Load *>(self)->read_input(); }, this,
        nullptr);
    if (input_watch_ == 0)
        fail(std::string("standard input: ") + wm_last_error() + "; a pipe is needed, or --seconds");
}

void Load::read_input()
{
    char part[kMaxInputLine];
    ssize_t size = read(STDIN_FILENO, part, sizeof part);
    if (size <= 0 || input_.size() > kMaxInputLine) {
        wm_watch_del(input_watch_);
        input_watch_ = 0;
        end_load();
        return;
    }
    input_.append(part, static_cast<size_t>(size));
    for (size_t end = input_.find('\n'); end != std::string::npos; end = input_.find('\n')) {
        take_input_line(input_.substr(0, end));
        input_.erase(0, end + 1);
    }
}

void Load::take_input_line(const std::string &line)
{
    int pid = 0;
    if (sscanf(line.c_str(), "kill %d", &pid) == 1)
        judge().killed(pid);
    else if (options_.faults && line.starts_with("fault "))
        judge().fault_begins(line.substr(6));
    else if (options_.faults && line == "healed")
        judge().fault_ends();
    else
        fail("standard input has 'kill PID' lines, with --faults also 'fault TEXT' and 'healed', not '" + line + "'");
}

} // namespace hub_load
