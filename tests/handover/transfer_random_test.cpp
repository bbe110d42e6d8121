// Random schedules: turns of either side, time that passes, deaths, refusals, faults. Whatever the
// order, each connection is served by one process. A failure names its seed.
#include <gtest/gtest.h>

#include <random>

#include "tests/handover/world.hpp"
#include "tests/support/faulty_os.hpp"

namespace segue::handover::testing {
namespace {

using segue::testing::FaultyOs;

/// Offers again what was thawed for want of a verdict, at the next more().
struct Persistent : TestSource {
  using TestSource::TestSource;
  void thaw(std::uint64_t id, std::string_view reason) override {
    TestSource::thaw(id, reason);
    if (reason == "no verdict in time") movable.push_back(id);
  }
};

class Schedule {
 public:
  explicit Schedule(std::uint32_t seed)
      : random_(seed), pair_(below(400), below(2) == 0 ? os::real() : FaultyOs::os()) {
    for (std::uint64_t id = 0; id < pair_.world.size(); ++id) {
      if (below(20) == 0) pair_.sink.refused.insert(id);
    }
    if (below(10) == 0) {
      pair_.source.value_of = [](std::uint64_t id) { return std::string(id * 700, 'v'); };
      pair_.sink.keep_values = false;
    }
    pair_.start();
    if (below(3) == 0) pair_.sender->finish();
  }

  std::vector<std::string> run() {
    // Not both in one run: a batch that the kernel refuses dies with its process, rightly.
    const bool deadly = below(2) == 0;
    for (int i = 0; i < 150; ++i) act(deadly);
    FaultyOs::disarm();
    for (int i = 0; i < 3; ++i) {  // each deadline passes
      pair_.run(40);
      test_clock_ns += 2'100'000'000;
    }
    pair_.run(10);
    const bool both = both_live();
    EXPECT_TRUE(!both || pair_.sender->swept());
    const bool orphan = !pair_.sender && pair_.receiver;
    EXPECT_TRUE(!orphan || pair_.sink.ended_calls == 1);
    EXPECT_TRUE(!both || pair_.sink.swept_calls == 1);
    return pair_.violations();
  }

 private:
  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_()) % limit; }

  bool both_live() const { return pair_.sender && pair_.receiver; }

  void act(bool deadly) {
    const std::uint32_t dice = below(100);
    if (dice < 40) return pair_.turn_sender();
    if (dice < 80) return pair_.turn_receiver();
    if (dice < 85) test_clock_ns += std::int64_t{below(900)} * 1'000'000;
    if (dice < 88 && pair_.sender) pair_.sender->more();
    if (dice < 92 && !deadly)
      FaultyOs::fail(1 + static_cast<int>(below(10)), below(2) == 0 ? ENOMEM : EAGAIN);
    if (dice == 98 && deadly && below(3) == 0 && both_live()) pair_.kill_sender();
    if (dice == 99 && deadly && below(3) == 0 && both_live()) pair_.kill_receiver();
    test_clock_ns += 1'000'000;
  }

  std::mt19937 random_;
  Pair<Persistent> pair_;
};

TEST(Random, no_schedule_loses_a_connection_or_serves_it_twice) {
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    const std::size_t before = open_descriptors();
    {
      Schedule schedule(seed);
      ASSERT_EQ(schedule.run(), std::vector<std::string>{}) << "seed " << seed;
    }
    ASSERT_EQ(open_descriptors(), before) << "seed " << seed;
  }
}

}  // namespace
}  // namespace segue::handover::testing
