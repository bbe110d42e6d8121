// The idle connections of a soak: see idle_crew.hpp.
#include "soak/idle_crew.hpp"

namespace segue::soak {

IdleCrew::IdleCrew(Bench& bench, Connection::Owner& owner, std::uint32_t count)
    : bench_(bench), untried_(count) {
  connections_.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const Connection::Place place{Kind::idle, i};
    connections_.push_back(std::make_unique<Connection>(bench, owner, place));
    waiting_.push_back({connections_.back().get(), 0});
  }
}

void IdleCrew::ask(Connection& connection, Stage stage, std::int64_t due_ns,
                   Ledger::Timing timing) {
  set_stage(connection, stage);
  const Ticket ticket = bench_.ledger.begin(Kind::idle, due_ns, timing);
  connection.send({&ticket, 1});
}

void IdleCrew::open_waiting(std::int64_t now_ns) {
  while (asking_ < asking_max && !waiting_.empty() && waiting_.front().from_ns <= now_ns) {
    Connection& connection = *waiting_.front().connection;
    waiting_.pop_front();
    ++asking_;
    const bool first = stage_of(connection) == Stage::untried;
    ask(connection, first ? Stage::first_asking : Stage::asking_anew, now_ns,
        Ledger::Timing::unmeasured);
  }
}

void IdleCrew::start_probes(std::int64_t now_ns, double per_second) {
  probes_ = Schedule(now_ns, per_second, 1);
}

void IdleCrew::probe(std::int64_t now_ns) {
  while (probes_.due(now_ns)) {
    const std::int64_t due = probes_.take();
    // One that is not at rest now is passed over: it has just spoken, or is about to be opened.
    Connection& connection = *connections_[cursor_];
    cursor_ = (cursor_ + 1) % connections_.size();
    if (stage_of(connection) == Stage::resting) {
      ask(connection, Stage::probed, due, Ledger::Timing::measured);
    }
  }
}

bool IdleCrew::close_all(std::int64_t now_ns) {
  while (asking_ < asking_max && closing_ < connections_.size()) {
    Connection& connection = *connections_[closing_];
    if (connection.busy()) break;  // its turn comes once it is answered or timed out
    ++closing_;
    if (stage_of(connection) != Stage::resting) continue;
    ++asking_;
    ask(connection, Stage::leaving, now_ns, Ledger::Timing::unmeasured);
  }
  return closing_ == connections_.size() && asking_ == 0;
}

void IdleCrew::on_free(Connection& connection, std::int64_t now_ns) {
  const Stage stage = stage_of(connection);
  if (stage == Stage::first_asking) --untried_;
  if (stage != Stage::probed) --asking_;
  if (stage == Stage::leaving) {
    connection.finish();
    return set_stage(connection, Stage::gone);
  }
  if (connection.open()) return set_stage(connection, Stage::resting);
  wait(connection, now_ns);
}

void IdleCrew::on_dropped(Connection& connection, std::int64_t now_ns) {
  if (stage_of(connection) == Stage::resting) wait(connection, now_ns);
}

void IdleCrew::wait(Connection& connection, std::int64_t now_ns) {
  set_stage(connection, Stage::waiting);
  waiting_.push_back({&connection, now_ns + reopen_after_ns});
}

void IdleCrew::expire(std::int64_t due_ns) {
  for (const auto& connection : connections_) connection->expire(due_ns);
}

}  // namespace segue::soak
