// Conducts a soak: see conductor.hpp.
#include "soak/conductor.hpp"

#include <algorithm>
#include <array>

#include "os/peer.hpp"
#include "os/signals.hpp"

namespace segue::soak {
namespace {

constexpr std::int64_t ms_ns = 1'000'000;
constexpr std::int64_t progress_every_ns = 500 * ms_ns;
constexpr std::int64_t settle_ns = 500 * ms_ns;  // load that goes on after the last handover
constexpr int turn_ms = 5;
constexpr std::uint64_t fds_reserved = 64;

// Connections on top of the kept ones: those that fresh requests may hold at one time.
constexpr std::uint64_t fresh_fds = 512;

Result<void> ensure_fds(const os::Os& os, const Options& options) {
  const auto limit = os::raise_fd_limit(os);
  if (!limit) return limit.error();
  const Mix& mix = options.mix;
  const std::uint64_t needed =
      std::uint64_t{mix.keepalive} + mix.idle + fds_reserved + (mix.fresh_rate > 0 ? fresh_fds : 0);
  if (needed <= *limit) return {};
  return Error{ErrorCode::limit_exceeded,
               "the connections need " + std::to_string(needed) + " descriptors, the limit is " +
                   std::to_string(*limit) + ": raise it with ulimit -Hn, or ask for fewer"};
}

}  // namespace

Result<std::unique_ptr<Conductor>> Conductor::create(const os::Os& os, const Options& options,
                                                     std::vector<std::string> environment,
                                                     std::FILE* progress) {
  if (const auto enough = ensure_fds(os, options); !enough) return enough.error();
  constexpr std::array signals{SIGINT, SIGTERM};
  auto signal_fd = os::open_signals(os, signals);
  if (!signal_fd) return signal_fd.error();
  auto loop = loop::Loop::create(os);
  if (!loop) return loop.error();
  std::unique_ptr<Conductor> conductor(new Conductor(os, options, std::move(environment), progress,
                                                     *std::move(loop), *std::move(signal_fd)));
  if (const auto added = conductor->add_voices(); !added) return added.error();
  return conductor;
}

Conductor::Conductor(const os::Os& os, const Options& options, std::vector<std::string> environment,
                     std::FILE* progress, std::unique_ptr<loop::Loop> loop, os::Fd signals)
    : os_(os),
      options_(options),
      progress_(progress),
      loop_(std::move(loop)),
      signals_(std::move(signals)),
      command_(*loop_, options.handovers, std::move(environment)) {}

Conductor::~Conductor() {
  tell_all(Board::Order::stop);
  for (const auto& voice : voices_) {
    if (voice->thread.joinable()) voice->thread.join();
  }
  loop_->unwatch(signals_.get());
}

Result<void> Conductor::add_voices() {
  for (std::uint32_t i = 0; i < options_.threads; ++i) {
    auto loop = loop::Loop::create(os_);
    if (!loop) return loop.error();
    auto voice = std::make_unique<Voice>();
    voice->loop = *std::move(loop);
    const Share share{i, options_.threads};
    voice->runner = std::make_unique<Runner>(os_, *voice->loop, options_, share, voice->board);
    voices_.push_back(std::move(voice));
  }
  return loop_->watch(signals_.get(), EPOLLIN, *this);
}

Report Conductor::run() {
  for (const auto& voice : voices_) {
    voice->thread = std::thread([runner = voice->runner.get()] { runner->run(); });
  }
  while (phase_ != Phase::ended) {
    loop_->turn(turn_ms);
    const std::int64_t now = os_.monotonic_ns();
    step(now);
    if (now - shown_ns_ >= progress_every_ns) show_progress(now);
  }
  for (const auto& voice : voices_) voice->thread.join();
  show_progress(load_ended_ns_);
  return gather();
}

void Conductor::on_ready(std::uint32_t) {
  if (!os::read_signals(os_, signals_.get()).empty()) interrupted_ = true;
}

void Conductor::step(std::int64_t now_ns) {
  switch (phase_) {
    case Phase::opening:
      if (interrupted_) return stop();
      if (all_say(Board::News::ready)) start_load(now_ns);
      return;
    case Phase::loading:
      conduct_handovers(now_ns);
      if (load_is_over(now_ns)) phase_ = Phase::finishing;
      return;
    case Phase::finishing:
      // A handover under way is seen through to its end, under load.
      command_.check_time();
      if (command_.ended()) take_handover(now_ns);
      if (!command_.running()) stop();
      return;
    case Phase::stopping:
      if (all_say(Board::News::ended)) phase_ = Phase::ended;
      return;
    case Phase::ended:
      return;
  }
}

void Conductor::start_load(std::int64_t now_ns) {
  load_started_ns_ = now_ns;
  if (options_.handovers.every.count() > 0) {
    next_handover_ns_ = now_ns + options_.handovers.every.count() * ms_ns;
  }
  tell_all(Board::Order::load);
  phase_ = Phase::loading;
}

bool Conductor::load_is_over(std::int64_t now_ns) const {
  if (interrupted_) return true;
  if (options_.requests_max > 0 && all_say(Board::News::spent)) return true;
  const std::uint32_t count_max = options_.handovers.count_max;
  if (count_max > 0 && handovers_.size() >= count_max && now_ns - last_handover_ns_ >= settle_ns) {
    return true;
  }
  return options_.duration && now_ns - load_started_ns_ >= options_.duration->count() * ms_ns;
}

void Conductor::conduct_handovers(std::int64_t now_ns) {
  command_.check_time();
  if (command_.ended()) take_handover(now_ns);
  if (now_ns < next_handover_ns_ || command_.running()) return;
  const std::uint32_t count_max = options_.handovers.count_max;
  if (count_max > 0 && handovers_started_ >= count_max) return;
  windows_.start(now_ns);
  show_windows();
  command_.start(handovers_started_++);
  next_handover_ns_ = now_ns + options_.handovers.every.count() * ms_ns;
}

void Conductor::take_handover(std::int64_t now_ns) {
  handovers_.push_back(command_.take_result());
  last_handover_ns_ = now_ns;
  windows_.end(now_ns);
  show_windows();
}

void Conductor::stop() {
  load_ended_ns_ = os_.monotonic_ns();
  if (load_started_ns_ == 0) load_started_ns_ = load_ended_ns_;
  tell_all(Board::Order::stop);
  phase_ = Phase::stopping;
}

bool Conductor::all_say(Board::News news) const {
  return std::all_of(voices_.begin(), voices_.end(),
                     [news](const auto& voice) { return voice->board.news() == news; });
}

void Conductor::tell_all(Board::Order order) {
  for (const auto& voice : voices_) voice->board.tell(order);
}

void Conductor::show_windows() {
  for (const auto& voice : voices_) voice->board.show_windows(windows_);
}

void Conductor::show_progress(std::int64_t now_ns) {
  shown_ns_ = now_ns;
  if (progress_ == nullptr || load_started_ns_ == 0) return;
  Totals sum;
  for (const auto& voice : voices_) {
    const Snapshot snapshot = voice->board.snapshot();
    sum.merge({snapshot.requests, snapshot.connections, snapshot.versions, {}, {}, {}, {}});
  }
  const double seconds = static_cast<double>(now_ns - load_started_ns_) / 1e9;
  const std::string line =
      progress_line({sum.requests, sum.connections, sum.versions}, summarise(handovers_), seconds);
  std::fprintf(progress_, "%s\n", line.c_str());
  std::fflush(progress_);
}

Report Conductor::gather() {
  Report report;
  for (const auto& voice : voices_) {
    report.totals.merge(voice->runner->totals());
    report.open_requests += voice->runner->open_requests();
  }
  report.handovers = handovers_;
  report.handovers_wanted = options_.handovers.every.count() > 0;
  report.seconds = static_cast<double>(load_ended_ns_ - load_started_ns_) / 1e9;
  return report;
}

}  // namespace segue::soak
