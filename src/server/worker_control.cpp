// What a worker and its supervisor say to each other.
#include "server/worker.hpp"

#include "connection/connection_state.hpp"
#include "os/process.hpp"
#include "server/log.hpp"

namespace segue::server {

using handover::Step;

namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>  // clang 14 does not deduce it
Overloaded(Visitors...)->Overloaded<Visitors...>;

// What moves, by name; the supervisor compares it with the other generation's.
std::vector<handover::SchemaEntry> schemas(const Engine& engine) {
  std::vector<handover::SchemaEntry> out = engine.shared.schemas();
  out.push_back({std::string(connection::schema_name), connection::schema_version,
                 connection::schema_version});
  return out;
}

}  // namespace

int Worker::run_supervised(os::Fd control, os::Fd log) {
  log_ = std::move(log);
  if (auto made = make_lanes(); !made) {
    log_line(made.error().message);
    return 1;
  }
  control_ = std::make_unique<handover::Link>(
      *lanes_.front()->loop, std::move(control),
      handover::Link::Handlers{[this](os::Message message) { on_message(std::move(message)); },
                               [this] { on_supervisor_gone(); },
                               [](const Error& error) {
                                 log_line("a message of the supervisor is lost: " + error.message);
                               }});
  start_threads();
  step(Step::successor_started);
  handover::Hello hello;
  hello.protocol_min = options_.protocol_min;
  hello.protocol_max = options_.protocol_max;
  hello.build_id = options_.build_id;
  hello.schemas = schemas(engine_);
  hello.listeners = options_.listen;
  say(hello);
  step(Step::hello_sent);
  return serve();
}

void Worker::say(handover::ControlMessage message, std::vector<int> fds, std::vector<os::Fd> keep) {
  if (control_) (void)control_->send(handover::encode(message), std::move(fds), std::move(keep));
}

void Worker::step(Step step) {
  if (options_.steps != nullptr) options_.steps->reached(step);
}

void Worker::fail(const std::string& reason) {
  say(handover::Failed{reason});
  log_line(reason);
  leave(1);
}

void Worker::on_message(os::Message message) {
  auto decoded = handover::decode_control(message.bytes);
  if (!decoded) return log_line("the supervisor said: " + decoded.error().message);
  std::visit(Overloaded{
                 [&](const handover::Listeners& m) { on_listeners(m, std::move(message.fds)); },
                 [&](const handover::Accept& m) { on_accept(m, std::move(message.fds)); },
                 [&](const handover::Pause& m) { on_pause(m); },
                 [&](const handover::TakeBack&) { on_take_back(); },
                 [&](const handover::Ping& m) { on_ping(m); },
                 [&](const handover::Stop& m) { stop(std::chrono::milliseconds(m.deadline_ms)); },
                 [&](const handover::Leave&) { leave(0); },
                 [&](const handover::ReopenLogs&) {},  // logs go to the standard streams
                 [&](const auto& m) {
                   log_line("the supervisor sent " + std::string(handover::name_of(m)) +
                            ", which only workers send; ignored");
                 },
             },
             *decoded);
}

void Worker::on_listeners(const handover::Listeners& listeners, std::vector<os::Fd> fds) {
  if (phase_ != Phase::starting) return;
  step(Step::listeners_received);
  if (listeners.names.size() != fds.size()) return fail("LISTENERS names and descriptors differ");
  phase_ = Phase::preparing;
  engine_.shared.set_generation(listeners.generation);
  listener_names_ = listeners.names;
  if (auto listened = listen(std::move(fds)); !listened) return fail(listened.error().message);
  on_fiber([this] {
    if (!run_hooks(&Hooks::prepare)) return fail("a prepare hook failed; see the log above");
    if (const auto wrong = engine_.failed_check(); !wrong.empty()) {
      return fail("not healthy before READY: " + wrong);
    }
    if (phase_ != Phase::preparing) return;
    phase_ = Phase::ready;
    os::replace(os_, log_.get(), 2);  // until now it led to the supervisor's memory
    log_.reset();
    say(handover::Ready{});
    step(Step::ready_sent);
  });
}

void Worker::on_ping(const handover::Ping& ping) {
  on_every_lane([](LaneThread&) {},
                [this, sequence = ping.sequence] {
                  handover::Pong pong;
                  pong.sequence = sequence;
                  pong.unhealthy = engine_.failed_check();
                  for (const auto& lane : lanes_)
                    pong.connections += lane->lane->count().connections;
                  say(pong);
                });
}

// Nothing is lost by that: whoever has a connection keeps it. A handover that has begun goes on
// between the two workers; one whose channels died with the supervisor is undone.
void Worker::on_supervisor_gone() {
  supervisor_gone_ = true;
  switch (phase_) {
    case Phase::starting:
    case Phase::preparing:
    case Phase::ready:
      return leave(1);
    case Phase::serving:
      return log_line("the supervisor is gone; serving on without one (TERM stops gracefully)");
    case Phase::pausing:
      return on_take_back();
    case Phase::departing:
      if (receiver_gone_) return on_take_back();
      if (lanes_drained_ == lanes_.size()) return leave(0);
      return log_line("the supervisor is gone; the handover goes on without one");
    case Phase::stopping:
      return;
  }
}

}  // namespace segue::server
