// A worker's part in a handover: as predecessor, as successor, and back again.
#include "server/worker.hpp"

#include <algorithm>

#include "server/log.hpp"

namespace segue::server {

using handover::Step;

namespace {

constexpr std::uint32_t last_notes_ms = 500;

}  // namespace

// --- Successor, or a predecessor that gets its connections back
// -----------------------------------

void Worker::on_accept(const handover::Accept& accept, std::vector<os::Fd> fds) {
  step(Step::accept_received);
  if (accept.rollback ? phase_ != Phase::departing : phase_ != Phase::ready) return;
  // Whoever still holds connections does not end for a bad message: it waits for the next one.
  const auto refuse = [&](const std::string& reason) {
    return accept.rollback ? log_line("cannot take connections back: " + reason) : fail(reason);
  };
  if (accept.channels > 0 && fds.size() != accept.channels + 1) {
    return refuse("ACCEPT names " + std::to_string(accept.channels) + " channels and carries " +
                  std::to_string(fds.size()) + " descriptors");
  }
  if (accept.channels > 0) {
    auto table = handover::SlotTable::open(os_, std::move(fds.back()));
    if (!table) return refuse("the slot table: " + table.error().message);
    (void)table->take_fd();  // mapped is enough
    arrival_slots_.push_back(std::move(*table));
    fds.pop_back();
  }
  if (auto loaded = engine_.shared.load(accept.shared); !loaded) log_line(loaded.error().message);
  phase_ = Phase::serving;
  returning_ = accept.rollback;
  if (accept.rollback) {
    on_every_lane([](LaneThread& each) {
      if (each.departure) each.departure->close();
    });
  }
  on_every_lane([](LaneThread& each) { each.lane->start_accepting(); });
  receive(accept.rollback, std::move(fds));
  on_fiber([this] { run_hooks(&Hooks::activate); });
}

void Worker::receive(bool rollback, std::vector<os::Fd> channels) {
  channels_ = static_cast<std::uint32_t>(channels.size());
  channels_swept_ = channels_ended_ = 0;
  loop::Loop* first = lanes_.front()->loop.get();
  for (std::size_t i = 0; i < channels.size(); ++i) {
    LaneThread* target = lanes_[i % lanes_.size()].get();
    Arrival::Events events;
    events.on_swept = [this, first](bool adopted) {
      first->post([this, adopted] { on_swept(adopted); });
    };
    events.on_ended = [this, first] { first->post([this] { on_arrival_ended(); }); };
    events.on_note = [this](std::string_view note) { engine_.shared.on_note(note); };
    if (rollback) {
      events.on_return = [this](std::uint32_t slot) {
        LaneThread* owner = lanes_[slot % lanes_.size()].get();
        owner->loop->post([owner, slot] {
          if (owner->departure) owner->departure->release(slot);
        });
      };
    }
    auto channel = std::make_shared<os::Fd>(std::move(channels[i]));
    target->loop->post([this, i, target, channel, events] {
      target->arrivals.push_back(std::make_unique<Arrival>(
          *target->lane, std::move(*channel), arrival_slots_.back(), events, options_.steps));
      if (i > 0) return;
      connect_notes([target](std::string_view note) {
        return !target->arrivals.empty() && !target->arrivals.front()->has_ended() &&
               target->arrivals.front()->send_note(note);
      });
    });
  }
}

// Notes go over the first channel, from the first lane's thread.
void Worker::connect_notes(std::function<bool(std::string_view)> send) {
  loop::Loop* first = lanes_.front()->loop.get();
  engine_.shared.connect([first, send = std::move(send)](std::string note) {
    first->post([send, note = std::move(note)] { (void)send(note); });
    return true;
  });
}

void Worker::on_swept(bool) {
  if (++channels_swept_ == channels_) report_swept();
}

void Worker::report_swept() {
  auto swept = std::make_shared<handover::Swept>();
  auto times = std::make_shared<std::vector<std::uint32_t>>();
  auto mutex = std::make_shared<std::mutex>();
  on_every_lane(
      [swept, times, mutex](LaneThread& each) {
        std::lock_guard lock(*mutex);
        for (const auto& arrival : each.arrivals) {
          const auto count = arrival->count();
          swept->moved += count.moved;
          swept->refused += count.refused;
          swept->adopted += count.adopted;
          swept->last_commit_ns =
              std::max(swept->last_commit_ns, static_cast<std::uint64_t>(arrival->last_start_ns()));
          times->insert(times->end(), arrival->freeze_us().begin(), arrival->freeze_us().end());
        }
      },
      [this, swept, times] {
        swept->freeze = handover::summarize(std::move(*times));
        say(*swept);
        step(Step::swept_sent);
      });
}

// The last channel has ended: nobody else holds what came over them.
void Worker::on_arrival_ended() {
  if (++channels_ended_ != channels_) return;
  engine_.shared.connect({});
  on_every_lane(
      [](LaneThread& each) {
        each.arrivals.clear();
        // After a rollback what is still frozen was not given back: the other one ended it.
        if (each.departure && !each.lane->moving()) each.departure.reset();
      },
      [this] {
        channels_ = 0;
        if (take_back_waits_ && phase_ != Phase::pausing) take_back_now();
      });
}

// --- Predecessor --------------------------------------------------------------------------------

void Worker::on_pause(const handover::Pause& pause) {
  if (phase_ != Phase::serving) return;
  step(Step::pause_received);
  phase_ = Phase::pausing;
  drain_ms_ = pause.drain_ms;
  ++handovers_;
  lanes_drained_ = 0;
  ended_at_deadline_ = 0;
  receiver_gone_ = false;
  on_every_lane(
      [](LaneThread& each) {
        each.lane->stop_accepting();
        each.departure.reset();  // of an earlier handover that was rolled back
      },
      [this] {
        on_fiber([this] {
          run_hooks(&Hooks::deactivate, true);
          prepare_departure();
        });
      });
}

// Nothing has left yet: serves on at once. The supervisor gives this handover up when PAUSED does
// not come in time.
void Worker::cannot_move(const std::string& reason) {
  log_line("cannot hand over: " + reason);
  take_back_now();
}

void Worker::prepare_departure() {
  if (phase_ != Phase::pausing) return;
  if (take_back_waits_) return take_back_now();
  const auto lanes = static_cast<std::uint32_t>(lanes_.size());
  std::uint64_t most = 0;
  handover::Paused paused;
  for (const auto& lane : lanes_) {
    const std::uint64_t connections = lane->lane->count().connections;
    most = std::max(most, connections);
    paused.connections += connections;
  }
  // Slot i belongs to lane i modulo lanes; nothing is accepted any more, so this is room enough.
  auto table = handover::SlotTable::create(os_, static_cast<std::uint32_t>((most + 1) * lanes));
  if (!table) return cannot_move("no slot table: " + table.error().message);
  departure_slots_ = std::move(*table);
  paused.channels = lanes;
  std::vector<os::Fd> theirs;
  std::vector<int> fds;
  departure_channels_.clear();
  for (std::uint32_t i = 0; i < lanes; ++i) {
    auto pair = os::message_pair(os_);
    if (!pair) return cannot_move("no transfer channel: " + pair.error().message);
    departure_channels_.push_back(std::move(pair->first));
    fds.push_back(pair->second.get());
    theirs.push_back(std::move(pair->second));
  }
  fds.push_back(departure_slots_.fd());
  theirs.push_back(departure_slots_.take_fd());
  paused.shared = engine_.shared.save();
  phase_ = Phase::departing;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    LaneThread* target = lanes_[i].get();
    loop::Loop* first = lanes_.front()->loop.get();
    Departure::Events events;
    events.on_drained = [this, first] { first->post([this] { on_lane_drained(); }); };
    events.on_note = [this](std::string_view note) { engine_.shared.on_note(note); };
    events.on_receiver_gone = [this, first, handover = handovers_] {
      first->post([this, handover] { on_receiver_gone(handover); });
    };
    auto channel = std::make_shared<os::Fd>(std::move(departure_channels_[i]));
    target->loop->post([this, i, target, channel, events, lanes] {
      target->departure = std::make_unique<Departure>(
          *target->lane, std::move(*channel), departure_slots_, lanes, events, options_.steps);
      if (i == 0) {
        Departure* departure = target->departure.get();
        connect_notes([target, departure](std::string_view note) {
          return target->departure.get() == departure && departure->send_note(note);
        });
      }
      target->departure->lane_changed();  // there may be nothing to move
    });
  }
  say(paused, std::move(fds), std::move(theirs));
  step(Step::paused_sent);
  after(static_cast<std::uint32_t>(drain_ms_),
        [this, handover = handovers_] { drain_deadline_passed(handover); });
}

void Worker::on_lane_drained() {
  if (++lanes_drained_ != lanes_.size() || phase_ != Phase::departing) return;
  engine_.shared.forward_counters();
  auto drained = std::make_shared<handover::Drained>();
  auto mutex = std::make_shared<std::mutex>();
  // Posted behind the counters' notes, so that the channel ends after them.
  on_every_lane(
      [drained, mutex](LaneThread& each) {
        if (!each.departure) return;
        std::lock_guard lock(*mutex);
        drained->moved += each.departure->count().moved;
        each.departure->finish();
      },
      [this, drained] {
        drained->drained = ended_at_deadline_;
        say(*drained);
        step(Step::drained_sent);
        // Without a supervisor there is no probation. The last notes get the time to leave.
        if (supervisor_gone_) after(last_notes_ms, [this] { leave(0); });
      });
}

void Worker::drain_deadline_passed(std::uint64_t handover) {
  if (handover != handovers_ || phase_ != Phase::departing) return;
  auto ended = std::make_shared<std::atomic<std::uint64_t>>(0);
  on_every_lane(
      [ended](LaneThread& each) {
        if (each.departure) ended->fetch_add(each.departure->end_rest());
      },
      [this, ended] { ended_at_deadline_ += *ended; });
}

void Worker::on_take_back() {
  const bool pauses = phase_ == Phase::pausing;
  if (!pauses && phase_ != Phase::departing && phase_ != Phase::serving) return;
  // The hooks of a pause end first. And after a rollback that the successor's death cut short: what
  // came back already is released from the frozen ones first, so that none is served twice.
  if (pauses || (returning_ && channels_ > 0)) {
    take_back_waits_ = true;
    return;
  }
  take_back_now();
}

// With a supervisor, TAKE_BACK says what is to be done. Without one, nobody else can have these
// connections: either the channels never got to a successor, or it is dead.
void Worker::on_receiver_gone(std::uint64_t handover) {
  if (handover != handovers_ || phase_ != Phase::departing) return;
  receiver_gone_ = true;
  if (!supervisor_gone_) return;
  log_line("the supervisor and the successor are gone; serving on without them");
  on_take_back();
}

void Worker::take_back_now() {
  take_back_waits_ = false;
  phase_ = Phase::serving;
  engine_.shared.connect({});
  engine_.shared.take_back();
  auto resumed = std::make_shared<handover::Resumed>();
  auto mutex = std::make_shared<std::mutex>();
  on_every_lane(
      [resumed, mutex](LaneThread& each) {
        if (each.departure) {
          const auto result = each.departure->take_back();
          std::lock_guard lock(*mutex);
          resumed->taken_back += result.taken;
          resumed->closed += result.closed;
        }
        each.lane->start_accepting();
      },
      [this, resumed] { say(*resumed); });
  on_fiber([this] { run_hooks(&Hooks::activate); });
}

}  // namespace segue::server
