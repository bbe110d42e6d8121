// A world of two processes in one: two loops turned by hand on a clock of its own, a source and a
// sink, and a checker that knows at every moment which process serves which connection.
#pragma once

#include <dirent.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "handover/transfer.hpp"
#include "loop/loop.hpp"
#include "os/message.hpp"

namespace segue::handover::testing {

inline std::size_t open_descriptors() {
  std::size_t count = 0;
  DIR* folder = ::opendir("/proc/self/fd");
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count;
}

/// The clock of the tests; each test starts where the last one stopped.
inline std::int64_t test_clock_ns = 1'000'000'000;

inline os::Os os_with_test_clock(const os::Os& base = os::real()) {
  os::Os os = base;
  os.monotonic_ns = [] { return test_clock_ns; };
  return os;
}

/// Each connection is served by at most one process at any moment; at the end none is lost.
class World {
 public:
  explicit World(std::size_t connections) : connections_(connections) {}
  std::size_t size() const { return connections_.size(); }

  void frozen(std::uint64_t id) {
    if (!at(id).at_sender) violation(id, "frozen while not served by the sender");
    at(id).at_sender = false;
  }
  void committed(std::uint64_t id) {
    if (at(id).at_sender) violation(id, "committed while served by the sender");
    at(id).committed = true;
  }
  void thawed(std::uint64_t id) {
    if (at(id).at_receiver) violation(id, "served by both: thawed while the receiver serves it");
    if (at(id).at_sender) violation(id, "thawed twice");
    at(id).at_sender = true;
  }
  void refused(std::uint64_t id) { at(id).refused = true; }
  void started(std::uint64_t id) {
    if (at(id).at_sender) violation(id, "served by both: started while the sender serves it");
    if (at(id).at_receiver) violation(id, "started twice");
    at(id).at_receiver = true;
  }
  void sender_died() {
    sender_dead_ = true;
    for (auto& connection : connections_) {
      connection.gone = connection.at_sender;  // served or never offered: dies with its process
      connection.at_sender = connection.committed = false;
    }
  }
  void receiver_died() {
    for (auto& connection : connections_) connection.at_receiver = false;
  }
  /// Nothing moves any more: who is served by nobody? A committed one whose successor died is not
  /// lost: the predecessor has its frozen dup.
  void check_the_end() {
    for (std::uint64_t id = 0; id < connections_.size(); ++id) {
      const auto& c = at(id);
      const bool hopeless = c.refused && sender_dead_;  // nobody could rebuild it
      if (c.at_sender || c.at_receiver || c.committed || c.gone || hopeless) continue;
      violation(id, "lost");
    }
  }
  bool at_sender(std::uint64_t id) { return at(id).at_sender; }
  bool at_receiver(std::uint64_t id) { return at(id).at_receiver; }
  std::size_t at_sender_count() const {
    std::size_t count = 0;
    for (const auto& c : connections_) count += c.at_sender ? 1U : 0U;
    return count;
  }
  std::size_t at_receiver_count() const {
    std::size_t count = 0;
    for (const auto& c : connections_) count += c.at_receiver ? 1U : 0U;
    return count;
  }
  const std::vector<std::string>& violations() const { return violations_; }

 private:
  struct Connection {
    bool at_sender = true;
    bool at_receiver = false;
    bool committed = false;
    bool refused = false;
    bool gone = false;
  };
  Connection& at(std::uint64_t id) { return connections_.at(id); }
  void violation(std::uint64_t id, std::string_view what) {
    violations_.push_back("connection " + std::to_string(id) + ": " + std::string(what));
  }
  std::vector<Connection> connections_;
  std::vector<std::string> violations_;
  bool sender_dead_ = false;
};

/// Offers connections 0, 1, 2...; all share one descriptor unless `fds` says otherwise.
class TestSource : public Source {
 public:
  explicit TestSource(World& of) : world(of), shared(::eventfd(0, EFD_CLOEXEC)) {
    for (std::uint64_t id = 0; id < world.size(); ++id) movable.push_back(id);
  }
  void freeze(std::size_t items_max, std::size_t, std::vector<Offer>& out) override {
    ++freezes;
    for (std::size_t i = 0; i < items_max && next < movable.size(); ++i) {
      const std::uint64_t id = movable[next++];
      world.frozen(id);
      const int fd = fds.contains(id) ? fds[id] : shared.get();
      out.push_back({id, fd, static_cast<std::uint32_t>(id), test_clock_ns, value_of(id)});
    }
  }
  void committed(std::uint64_t id) override { world.committed(id); }
  void thaw(std::uint64_t id, std::string_view reason) override {
    world.thawed(id);
    reasons[id] = reason;
  }
  void note(std::string_view bytes) override { notes.emplace_back(bytes); }
  void receiver_gone() override { ++receiver_gone_calls; }

  World& world;
  os::Fd shared;
  std::vector<std::uint64_t> movable;
  std::size_t next = 0;
  int freezes = 0;
  std::map<std::uint64_t, int> fds;
  std::function<std::string(std::uint64_t)> value_of = [](std::uint64_t id) {
    return "value " + std::to_string(id);
  };
  std::map<std::uint64_t, std::string> reasons;
  std::vector<std::string> notes;
  int receiver_gone_calls = 0;
};

class TestSink : public Sink {
 public:
  explicit TestSink(World& of) : world(of) {}
  Result<void> rebuild(std::uint64_t id, os::Fd fd, std::uint32_t slot,
                       std::string_view value) override {
    EXPECT_EQ(slot, id);
    if (refused.contains(id)) {
      world.refused(id);
      return Error{ErrorCode::unsupported, "no such session type"};
    }
    rebuilt[id] = std::move(fd);
    if (keep_values) values[id] = value;
    return {};
  }
  void start(std::uint64_t id) override {
    if (!rebuilt.contains(id)) ADD_FAILURE() << "started without being rebuilt: " << id;
    world.started(id);
  }
  void discard(std::uint64_t id) override { rebuilt.erase(id); }
  void note(std::string_view bytes) override { notes.emplace_back(bytes); }
  void swept(bool adopted) override {
    ++swept_calls;
    swept_adopted = adopted;
  }
  void ended() override { ++ended_calls; }

  World& world;
  std::set<std::uint64_t> refused;
  std::map<std::uint64_t, os::Fd> rebuilt;
  std::map<std::uint64_t, std::string> values;
  bool keep_values = true;
  std::vector<std::string> notes;
  int swept_calls = 0;
  bool swept_adopted = false;
  int ended_calls = 0;
};

/// What a killed process throws out of its loop.
struct Killed {};

/// Kills at the `nth` time that `step` is reached.
struct KillAt final : StepObserver {
  KillAt() = default;
  KillAt(Step at, int times) : step(at), nth(times) {}
  void reached(Step now) override {
    seen.insert(now);
    if (step == now && --nth == 0) throw Killed{};
  }
  std::optional<Step> step;
  int nth = 1;
  std::set<Step> seen;
};

/// Both processes, with the channel between them.
template <class SourceType = TestSource, class SinkType = TestSink>
class Pair {
 public:
  explicit Pair(std::size_t connections, const os::Os& base = os::real(), KillAt sender_kill = {},
                KillAt receiver_kill = {})
      : os(os_with_test_clock(base)),
        world(connections),
        source(world),
        sink(world),
        sender_steps(sender_kill),
        receiver_steps(receiver_kill) {
    sender_loop = *loop::Loop::create(os);
    receiver_loop = *loop::Loop::create(os);
    auto ends = *os::message_pair(os::real());
    sender_end = std::move(ends.first);
    receiver_end = std::move(ends.second);
  }
  void start_sender() {
    sender = std::make_unique<Sender>(*sender_loop, std::move(sender_end), source, &sender_steps);
  }
  void start_receiver() {
    receiver =
        std::make_unique<Receiver>(*receiver_loop, std::move(receiver_end), sink, &receiver_steps);
  }
  void start() {
    start_sender();
    start_receiver();
  }
  void kill_sender() {
    sender.reset();
    world.sender_died();
  }
  void kill_receiver() {
    receiver.reset();
    world.receiver_died();
  }
  void turn_sender() {
    if (!sender) return;
    try {
      sender_loop->turn(0);
    } catch (const Killed&) {
      kill_sender();
    }
  }
  void turn_receiver() {
    if (!receiver) return;
    try {
      receiver_loop->turn(0);
    } catch (const Killed&) {
      kill_receiver();
    }
  }
  /// Both turn, a millisecond at a time.
  void run(int milliseconds) {
    for (int i = 0; i < milliseconds; ++i) {
      test_clock_ns += 1'000'000;
      turn_sender();
      turn_receiver();
    }
  }
  bool run_until(const std::function<bool()>& done, int milliseconds = 20'000) {
    for (int i = 0; i < milliseconds && !done(); ++i) run(1);
    return done();
  }
  std::vector<std::string> violations() {
    world.check_the_end();
    return world.violations();
  }

  os::Os os;
  World world;
  SourceType source;
  SinkType sink;
  KillAt sender_steps;
  KillAt receiver_steps;
  std::unique_ptr<loop::Loop> sender_loop;
  std::unique_ptr<loop::Loop> receiver_loop;
  os::Fd sender_end;
  os::Fd receiver_end;
  std::unique_ptr<Sender> sender;
  std::unique_ptr<Receiver> receiver;
};

}  // namespace segue::handover::testing
