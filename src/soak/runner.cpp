// One thread of load: see runner.hpp.
#include "soak/runner.hpp"

#include <algorithm>

namespace segue::soak {
namespace {

constexpr std::int64_t ms_ns = 1'000'000;
constexpr std::int64_t look_around_every_ns = 100 * ms_ns;
constexpr int wait_ms_max = 10;  // how soon an order of the board is seen
constexpr std::size_t fresh_open_max = 4096;
constexpr std::uint64_t unlimited = UINT64_MAX;
constexpr std::array<Kind, 3> scheduled{Kind::keepalive, Kind::pipelined, Kind::fresh};

}  // namespace

Mix part_of(const Mix& mix, Share share) {
  Mix part = mix;
  part.keepalive = static_cast<std::uint32_t>(share.of(mix.keepalive));
  part.idle = static_cast<std::uint32_t>(share.of(mix.idle));
  part.fresh_rate = mix.fresh_rate / share.threads;
  const double kept_rate =
      mix.keepalive == 0 ? 0 : (mix.rate - mix.fresh_rate) * part.keepalive / mix.keepalive;
  part.rate = part.fresh_rate + kept_rate;
  return part;
}

Runner::Runner(const os::Os& os, loop::Loop& loop, const Options& options, Share share,
               Board& board)
    : bench_(os, loop, options, static_cast<std::uint8_t>(share.thread)),
      mix_(part_of(options.mix, share)),
      thread_(share.thread),
      board_(board),
      crew_(bench_, *this, mix_.idle),
      requests_left_(options.requests_max == 0 ? unlimited : share.of(options.requests_max)) {
  stream(Kind::pipelined).depth = mix_.pipeline_depth;
  for (std::uint32_t i = 0; i < mix_.keepalive; ++i) {
    add_connection(i < mix_.pipelined() ? Kind::pipelined : Kind::keepalive, i);
  }
}

void Runner::add_connection(Kind kind, std::uint32_t number) {
  Connection::Owner& owner = *this;
  const Connection::Place place{kind, number};
  connections_.push_back(std::make_unique<Connection>(bench_, owner, place));
  stream(kind).free.push_back(connections_.back().get());
}

void Runner::run() {
  while (phase_ != Phase::ended) {
    bench_.loop.turn(wait_ms(bench_.os.monotonic_ns()));
    const std::int64_t now = bench_.os.monotonic_ns();
    board_.read_windows(bench_.ledger.windows());
    step(now);
    for (const Kind kind : {Kind::keepalive, Kind::pipelined}) dispatch(kind);
    dispatch_fresh();
    send_pieces();
    if (now - looked_around_ns_ >= look_around_every_ns) look_around(now);
  }
  board_.show(bench_.totals);
  board_.report(Board::News::ended);
}

void Runner::step(std::int64_t now_ns) {
  const bool stop = board_.order() == Board::Order::stop;
  switch (phase_) {
    case Phase::opening:
      crew_.open_waiting(now_ns);
      if (stop) phase_ = Phase::draining;
      if (stop || !crew_.all_tried()) return;
      phase_ = Phase::ready;
      board_.report(Board::News::ready);
      return;
    case Phase::ready:
      if (stop) phase_ = Phase::draining;
      if (board_.order() == Board::Order::load) start_load(now_ns);
      return;
    case Phase::loading:
      // What was due before the stop is begun in spite of it.
      for (const Kind kind : scheduled) begin_due(kind, now_ns);
      crew_.probe(now_ns);
      crew_.open_waiting(now_ns);
      if (stop) phase_ = Phase::draining;
      return;
    case Phase::draining:
      if (all_idle()) phase_ = Phase::closing;
      return;
    case Phase::closing:
      if (crew_.close_all(now_ns) && all_idle()) phase_ = Phase::ended;
      return;
    case Phase::ended:
      return;
  }
}

void Runner::start_load(std::int64_t now_ns) {
  // Threads begin one after another within a millisecond, so that they do not act in step.
  const std::int64_t start = now_ns + thread_ * ms_ns / bench_.options.threads;
  stream(Kind::keepalive).schedule = Schedule(start, mix_.keepalive_rate(), 1);
  stream(Kind::pipelined).schedule = Schedule(start, mix_.pipelined_rate(), mix_.pipeline_depth);
  stream(Kind::fresh).schedule = Schedule(start, mix_.fresh_rate, 1);
  crew_.start_probes(start, mix_.probe_rate());
  phase_ = Phase::loading;
}

void Runner::begin_due(Kind kind, std::int64_t now_ns) {
  Stream& its = stream(kind);
  while (its.schedule.due(now_ns) && requests_left_ > 0) {
    const std::int64_t due = its.schedule.take();
    bench_.totals.late_us.record(
        static_cast<std::uint64_t>(std::max<std::int64_t>((now_ns - due) / 1000, 0)));
    for (std::uint32_t i = 0; i < its.schedule.burst() && requests_left_ > 0; ++i) {
      its.due.push_back(bench_.ledger.begin(kind, due));
      if (requests_left_ != unlimited) --requests_left_;
    }
  }
  if (requests_left_ == 0) board_.report(Board::News::spent);
}

void Runner::dispatch(Kind kind) {
  Stream& its = stream(kind);
  std::array<Ticket, pipeline_depth_max> batch;
  while (!its.due.empty() && !its.free.empty()) {
    Connection& connection = *its.free.front();
    its.free.pop_front();
    const std::size_t size = std::min<std::size_t>(its.depth, its.due.size());
    std::copy_n(its.due.begin(), size, batch.begin());
    its.due.erase(its.due.begin(), its.due.begin() + static_cast<std::ptrdiff_t>(size));
    connection.send({batch.data(), size});
  }
}

void Runner::dispatch_fresh() {
  Stream& its = stream(Kind::fresh);
  while (!its.due.empty()) {
    if (its.free.empty()) {
      const std::size_t number = connections_.size() - mix_.keepalive;
      if (number >= fresh_open_max) return;  // they wait for an earlier one to end
      add_connection(Kind::fresh, static_cast<std::uint32_t>(number));
    }
    dispatch(Kind::fresh);
  }
}

void Runner::on_free(Connection& connection) {
  const Kind kind = connection.place().kind;
  if (kind == Kind::idle) return crew_.on_free(connection, bench_.os.monotonic_ns());
  if (kind == Kind::fresh) connection.finish();
  stream(kind).free.push_back(&connection);
}

void Runner::on_dropped(Connection& connection) {
  // Others are made anew when something is due on them.
  if (connection.place().kind == Kind::idle) {
    crew_.on_dropped(connection, bench_.os.monotonic_ns());
  }
}

void Runner::on_piece_left(Connection& connection) { pieces_left_.push_back(&connection); }

void Runner::send_pieces() {
  // By index: a piece that resets its connection may lead to nothing else being listed here.
  std::size_t kept = 0;
  for (std::size_t i = 0; i < pieces_left_.size(); ++i) {
    Connection* const connection = pieces_left_[i];
    if (connection->send_next_piece()) pieces_left_[kept++] = connection;
  }
  pieces_left_.resize(kept);
}

// What need not be exact to the millisecond: time-outs and the progress line.
void Runner::look_around(std::int64_t now_ns) {
  looked_around_ns_ = now_ns;
  const std::int64_t due = now_ns - bench_.options.timeout.count() * ms_ns;
  for (const auto& connection : connections_) connection->expire(due);
  crew_.expire(due);
  for (Stream& its : streams_) expire_waiting(its, now_ns);
  board_.show(bench_.totals);
}

void Runner::expire_waiting(Stream& its, std::int64_t now_ns) {
  const std::int64_t due = now_ns - bench_.options.timeout.count() * ms_ns;
  while (!its.due.empty() && bench_.ledger.due_ns(its.due.front()) <= due) {
    bench_.note("queue", "no connection became free in time");
    bench_.ledger.end(its.due.front(), Outcome::timeout, now_ns);
    its.due.pop_front();
  }
}

int Runner::wait_ms(std::int64_t now_ns) const {
  if (!pieces_left_.empty()) return 1;
  if (phase_ != Phase::loading) return 1;
  std::int64_t next = crew_.next_due_ns();
  if (requests_left_ > 0) {
    for (const Stream& its : streams_) next = std::min(next, its.schedule.next_due_ns());
  }
  if (next <= now_ns) return 0;
  // Rounded down, but never to a busy wait: a request is looked at less than 1 ms late.
  return static_cast<int>(std::clamp<std::int64_t>((next - now_ns) / ms_ns, 1, wait_ms_max));
}

}  // namespace segue::soak
