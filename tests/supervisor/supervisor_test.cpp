// The supervisor as a process: start, lock, signals, stop, its service manager.
#include "supervisor/supervisor.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "stage.hpp"

namespace segue::supervisor {
namespace {

using stage::Stage;

// This program is also the supervisor and the workers of its tests: see stage.hpp.
[[maybe_unused]] const bool played = stage::play();

TEST(Supervisor, starts_a_worker_that_serves) {
  Stage stage;
  stage.start();
  EXPECT_EQ(stage.visit(), "good-1 " + std::to_string(stage.worker()));
  EXPECT_EQ(Stage::number(stage.status(), "supervisor_pid"), stage.supervisor());
  EXPECT_EQ(Stage::number(stage.status(), "generation"), 1);
}

TEST(Supervisor, says_where_it_listens) {
  Stage stage;
  stage.start();
  EXPECT_NE(stage.log().find("listening on unix:" + stage.folder() + "/listen"), std::string::npos)
      << stage.log();
}

TEST(Supervisor, a_second_one_for_the_same_control_path_is_refused_and_names_the_first) {
  Stage stage;
  stage.start();
  const pid_t second = stage.launch();
  EXPECT_EQ(stage.wait_for_end(second), 1);
  EXPECT_NE(stage.log().find("another supervisor (pid " + std::to_string(stage.supervisor()) + ")"),
            std::string::npos)
      << stage.log();
  EXPECT_EQ(stage.visit(), "good-1 " + std::to_string(stage.worker()));
}

TEST(Supervisor, replaces_the_stale_socket_of_one_that_was_killed) {
  Stage stage;
  stage.start();
  stage.adopt(stage.worker());
  ::kill(stage.supervisor(), SIGKILL);
  stage.wait_for_end();
  ASSERT_TRUE(std::filesystem::exists(stage.control()));
  stage.start({{"STAGE_LISTEN", "unix:" + stage.folder() + "/other"}});
  EXPECT_EQ(Stage::number(stage.status(), "supervisor_pid"), stage.supervisor());
}

TEST(Supervisor, its_worker_goes_on_serving_when_it_is_killed) {
  Stage stage;
  stage.start();
  const long worker = stage.worker();
  stage.adopt(worker);
  ::kill(stage.supervisor(), SIGKILL);
  stage.wait_for_end();
  EXPECT_EQ(stage.visit(), "good-1 " + std::to_string(worker));
}

TEST(Supervisor, a_first_worker_that_crashes_ends_it_with_the_reason) {
  Stage stage;
  stage.install("crash-at-start");
  stage.launch();
  EXPECT_EQ(stage.wait_for_end(), 1);
  EXPECT_NE(stage.log().find("exit status 3; its last words: cannot read config.toml | no such "
                             "table"),
            std::string::npos)
      << stage.log();
  EXPECT_FALSE(std::filesystem::exists(stage.control()));
}

TEST(Supervisor, an_address_that_cannot_be_bound_ends_it_before_any_worker_starts) {
  Stage stage;
  stage.launch({{"STAGE_BIND", "unix:/nonexistent-folder/socket"}});
  EXPECT_EQ(stage.wait_for_end(), 1);
  EXPECT_NE(stage.log().find("/nonexistent-folder/socket"), std::string::npos) << stage.log();
}

TEST(Supervisor, a_program_that_is_not_there_ends_it_with_the_path) {
  Stage stage;
  stage.launch({{"STAGE_PROGRAM", stage.folder() + "/missing"}});
  EXPECT_EQ(stage.wait_for_end(), 1);
  EXPECT_NE(stage.log().find(stage.folder() + "/missing"), std::string::npos) << stage.log();
}

TEST(Supervisor, term_stops_the_worker_and_removes_every_socket) {
  Stage stage;
  stage.start();
  const long worker = stage.worker();
  ::kill(stage.supervisor(), SIGTERM);
  EXPECT_EQ(stage.wait_for_end(), 0);
  EXPECT_TRUE(Stage::ends(worker));
  EXPECT_FALSE(std::filesystem::exists(stage.control()));
  EXPECT_FALSE(std::filesystem::exists(stage.control() + ".lock"));
  EXPECT_FALSE(std::filesystem::exists(stage.folder() + "/listen"));
}

TEST(Supervisor, a_second_term_does_not_wait_for_a_stubborn_worker) {
  Stage stage;
  stage.install("stubborn");
  stage.start({{"STAGE_TIMING", "stop=600000"}});
  ::kill(stage.supervisor(), SIGTERM);
  stage.until("\"phase\":\"stopping\"");
  ::kill(stage.supervisor(), SIGTERM);
  EXPECT_EQ(stage.wait_for_end(), 0);
}

TEST(Supervisor, quit_stops_at_once) {
  Stage stage;
  stage.install("stubborn");
  stage.start({{"STAGE_TIMING", "stop=600000"}});
  ::kill(stage.supervisor(), SIGQUIT);
  EXPECT_EQ(stage.wait_for_end(), 0);
}

TEST(Supervisor, hup_and_usr2_hand_over_to_the_binary_at_the_path) {
  Stage stage;
  stage.start();
  stage.install("good-2");
  ::kill(stage.supervisor(), SIGHUP);
  ASSERT_TRUE(stage.serves(2));
  EXPECT_EQ(stage.visit().substr(0, 6), "good-2");
  stage.install("good-3");
  ::kill(stage.supervisor(), SIGUSR2);
  ASSERT_TRUE(stage.serves(3));
  EXPECT_EQ(stage.visit().substr(0, 6), "good-3");
}

TEST(Supervisor, usr1_tells_the_worker_to_reopen_its_logs) {
  Stage stage;
  stage.start();
  ::kill(stage.supervisor(), SIGUSR1);
  EXPECT_TRUE(stage.log_has("logs reopened"));
}

TEST(Supervisor, tells_the_service_manager_when_it_is_ready_reloading_and_stopping) {
  Stage stage;
  const std::string path = stage.folder() + "/notify";
  const os::Fd manager(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(manager.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const auto next = [&]() -> std::string {
    pollfd wanted{manager.get(), POLLIN, 0};
    char text[512];
    if (::poll(&wanted, 1, 20'000) != 1) return "nothing";
    const ssize_t got = ::recv(manager.get(), text, sizeof text, 0);
    return {text, static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
  };
  stage.launch({{"NOTIFY_SOCKET", path}});
  EXPECT_EQ(next(), "READY=1\nMAINPID=" + std::to_string(stage.supervisor()) +
                        "\nSTATUS=serving with generation 1");
  stage.upgrade();
  EXPECT_EQ(next().substr(0, 12), "RELOADING=1\n");
  EXPECT_NE(next().find("serving with generation 2"), std::string::npos);
  ::kill(stage.supervisor(), SIGTERM);
  EXPECT_EQ(next(), "STOPPING=1\nSTATUS=stopping");
}

TEST(Supervisor, feeds_the_watchdog_of_the_service_manager) {
  Stage stage;
  const std::string path = stage.folder() + "/notify";
  const os::Fd manager(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(manager.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  stage.launch({{"NOTIFY_SOCKET", path}, {"WATCHDOG_USEC", "20000"}});
  int fed = 0;
  for (int i = 0; i < 50 && fed < 3; ++i) {
    pollfd wanted{manager.get(), POLLIN, 0};
    char text[512];
    if (::poll(&wanted, 1, 20'000) != 1) break;
    const ssize_t got = ::recv(manager.get(), text, sizeof text, 0);
    if (got > 0 && std::string_view(text, static_cast<std::size_t>(got)) == "WATCHDOG=1") ++fed;
  }
  EXPECT_EQ(fed, 3);
}

TEST(Supervisor, refuses_to_run_beside_another_thread) {
  SupervisorOptions options;
  options.control_path = "/nonexistent/control";
  bool done = false;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::thread> others;
  for (int i = 0; i < 2; ++i) {
    others.emplace_back([&] {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return done; });
    });
  }
  testing::internal::CaptureStderr();
  EXPECT_EQ(run_supervisor(os::real(), options), 1);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("threads, and must have one"),
            std::string::npos);
  {
    const std::lock_guard lock(mutex);
    done = true;
  }
  changed.notify_all();
  for (auto& other : others) other.join();
}

}  // namespace
}  // namespace segue::supervisor
