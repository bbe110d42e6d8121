// A whole soak: its ends, its handovers, its signals.
#include "soak/conductor.hpp"

#include <gtest/gtest.h>

#include <csignal>

#include "tests/soak/fake_command.hpp"
#include "tests/soak/run_soak.hpp"
#include "tests/soak/unruly_server.hpp"

namespace segue::soak {
namespace {

TEST(Conductor, the_load_ends_after_its_duration) {
  const UnrulyServer server(polite());
  const Report report = run_soak({server.url(), "--duration", "200ms", "--rate", "500"});
  EXPECT_GE(report.seconds, 0.2);
  EXPECT_GE(report.totals.requests.all_begun(), 90u);
  EXPECT_EQ(exit_code(report), 0);
}

TEST(Conductor, handovers_are_run_and_their_windows_measured) {
  const UnrulyServer server(polite());
  // The command waits for its socket to be read, which never happens: 0.2 s each.
  const FakeCommand command(
      R"(timeout 0.2 tail -f /dev/null
echo '{"result":"done","moved":3,"freeze_ms":{"p50":1,"p99":2,"max":3},"total_ms":9}')");
  const Report report = run_soak({server.url(), "--rate", "500", "--upgrade-every", "50ms",
                                  "--upgrades", "2", "--control", "/c", "--segue", command.path()});
  ASSERT_EQ(report.handovers.size(), 2u);
  const HandoverSummary summary = summarise(report.handovers);
  EXPECT_EQ(summary.done, 2u);
  EXPECT_EQ(summary.moved, 6u);
  EXPECT_GE(report.totals.window_latency_us.count(), 100u);
  EXPECT_LT(report.totals.window_latency_us.count(), report.totals.latency_us.count());
  EXPECT_EQ(exit_code(report), 0);
}

TEST(Conductor, a_run_whose_handovers_were_all_refused_fails) {
  const UnrulyServer server(polite());
  const FakeCommand command(R"(echo '{"result":"refused","reason":"bad build"}'; exit 1)");
  const Report report = run_soak({server.url(), "--rate", "100", "--upgrade-every", "10ms",
                                  "--upgrades", "1", "--control", "/c", "--segue", command.path()});
  EXPECT_EQ(summarise(report.handovers).refused, 1u);
  EXPECT_EQ(exit_code(report), 1);
}

TEST(Conductor, a_signal_ends_the_load_early_with_a_report) {
  const UnrulyServer server(polite());
  const Options options = options_from({server.url(), "--duration", "1h"});
  auto conductor = Conductor::create(os::real(), options, {}, nullptr);
  ASSERT_TRUE(conductor);
  ::pthread_kill(::pthread_self(), SIGINT);  // blocked since create(): read through its descriptor
  const Report report = (*conductor)->run();
  EXPECT_LT(report.seconds, 60);
  EXPECT_TRUE(accounts_agree(report));
}

TEST(Conductor, more_connections_than_descriptors_are_refused_before_the_load) {
  os::Os os = os::real();
  os.getrlimit = [](auto, rlimit* limit) {
    *limit = {1000, 1000};
    return 0;
  };
  const Options fitting = options_from({"http://127.0.0.1:1/", "--idle", "800"});
  EXPECT_TRUE(Conductor::create(os, fitting, {}, nullptr));
  const Options beyond = options_from({"http://127.0.0.1:1/", "--idle", "900"});
  const auto conductor = Conductor::create(os, beyond, {}, nullptr);
  ASSERT_FALSE(conductor);
  EXPECT_NE(conductor.error().message.find("descriptors"), std::string::npos);
}

TEST(Conductor, progress_is_shown_while_it_runs) {
  const UnrulyServer server(polite());
  const Options options = options_from({server.url(), "--duration", "50ms"});
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* const out = ::open_memstream(&text, &size);
  {
    auto conductor = Conductor::create(os::real(), options, {}, out);
    ASSERT_TRUE(conductor);
    (*conductor)->run();
  }
  std::fclose(out);
  EXPECT_NE(std::string(text, size).find("requests, 0 failed"), std::string::npos);
  std::free(text);
}

}  // namespace
}  // namespace segue::soak
