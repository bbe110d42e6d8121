// The state that one version of the supervisor leaves to the next.
#include "supervisor/resume.hpp"

#include <gtest/gtest.h>

#include <random>

#include "base/codec.hpp"

namespace segue::supervisor {
namespace {

SavedState example() {
  SavedState saved;
  Worker worker;
  worker.phase = Phase::serving;
  worker.binary = 2;
  worker.hello.build_id = "v2";
  worker.hello.listeners = {":8080", "unix:/run/app"};
  worker.hello.schemas = {{"http", 1, 99}};
  worker.connections = 1'000;
  worker.started_ns = -5;
  worker.pings = worker.pongs = 12;
  Worker old;
  old.phase = Phase::frozen;
  old.binary = 1;
  old.retired = true;
  old.drained = 4;
  saved.machine.workers = {{1, old}, {3, worker}};
  saved.machine.last = 3;
  saved.machine.active = 3;
  saved.machine.good_binary = 1;
  saved.machine.previous_binary = 1;
  HandoverReport report;
  report.result = HandoverReport::Result::rolled_back;
  report.reason = "why";
  report.freeze = {1, 2, 3};
  report.total_ns = 77;
  report.notes = {"a", "", "b"};
  saved.machine.probation = Probation{1, 3, 0, report};
  saved.machine.due = {{{Deadline::Kind::probation, 0}, 123}, {{Deadline::Kind::drain, 1}, -1}};
  saved.machine.last_handover = report;
  saved.machine.restarts = 2;
  saved.processes = {{1, {100, 10, -1}}, {3, {300, 30, 31}}};
  saved.pins = {{1, {11, "/old"}}, {2, {-1, "/script"}}};
  saved.listeners = {{":8080", 20, true}, {"fd:web", 21, false}};
  saved.lock = 5;
  saved.control = 6;
  saved.asker = 9;
  saved.asker_fd = 40;
  saved.started_ns = 1'234;
  saved.replacements = 3;
  return saved;
}

TEST(SavedState, comes_back_as_it_was) {
  const auto decoded = decode_saved_state(encode(example()));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, example());
}

TEST(SavedState, names_every_descriptor_that_must_outlive_exec) {
  auto all = example().descriptors();
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, (std::vector<int>{5, 6, 10, 11, 20, 21, 30, 31, 40}));
}

TEST(SavedState, an_unknown_optional_entry_is_skipped_and_a_required_one_refused) {
  std::string record = encode(example());
  base::Writer(record).bytes(0x31, "later");
  EXPECT_TRUE(decode_saved_state(record));
  base::Writer(record).bytes(0x41, "later");
  EXPECT_FALSE(decode_saved_state(record));
}

TEST(SavedState, that_contradicts_itself_is_refused) {
  const auto refused = [](auto spoil) {
    SavedState state = example();
    spoil(state);
    return !decode_saved_state(encode(state)).ok();
  };
  EXPECT_TRUE(refused([](SavedState& s) { s.processes.erase(3); }));
  EXPECT_TRUE(refused([](SavedState& s) { s.processes[3].pid = 1; }));
  EXPECT_TRUE(refused([](SavedState& s) { s.processes[3].link = -1; }));
  EXPECT_TRUE(refused([](SavedState& s) { s.processes[8] = {800, 80, 81}; }));
  EXPECT_TRUE(refused([](SavedState& s) { s.pins.erase(2); }));
  EXPECT_TRUE(refused([](SavedState& s) { s.machine.active = 9; }));
  EXPECT_TRUE(refused([](SavedState& s) { s.machine.last = 2; }));
  EXPECT_TRUE(refused([](SavedState& s) { s.machine.probation->successor = 1; }));
  EXPECT_TRUE(refused([](SavedState& s) { s.lock = -1; }));
}

TEST(SavedState, cut_or_changed_anywhere_is_read_or_refused_but_never_more) {
  const std::string record = encode(example());
  for (std::size_t cut = 0; cut < record.size(); ++cut) {
    (void)decode_saved_state(std::string_view(record).substr(0, cut));
  }
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string changed = record;
    changed[random() % changed.size()] = static_cast<char>(random());
    (void)decode_saved_state(changed);
  }
  EXPECT_FALSE(decode_saved_state(""));
}

}  // namespace
}  // namespace segue::supervisor
