// Starting programs: exactly the descriptors listed, clean signals, and errors that say why.
#include "os/spawn.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>

#include "tests/support/descriptors.hpp"
#include "tests/support/faulty_os.hpp"

namespace segue::os {
namespace {

using segue::testing::FaultyOs;
using segue::testing::open_descriptors;
using segue::testing::TemporaryFolder;

struct Pipe {
  Pipe() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    reader.reset(ends[0]);
    writer.reset(ends[1]);
  }
  Fd reader;
  Fd writer;
};

std::string read_all(Fd& fd) {
  std::string all;
  char buffer[4096];
  ssize_t got = 0;
  while ((got = ::read(fd.get(), buffer, sizeof buffer)) > 0) {
    all.append(buffer, static_cast<std::size_t>(got));
  }
  return all;
}

int status_of(pid_t child) {
  int status = -1;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

SpawnOptions shell(const std::string& script) {
  SpawnOptions options;
  options.path = "/bin/sh";
  options.args = {"-c", script};
  return options;
}

// Runs the shell script; what it writes to its output.
std::string output_of(SpawnOptions options) {
  Pipe pipe;
  options.fds.emplace_back(pipe.writer.get(), 1);
  const auto child = spawn(real(), options);
  if (!child) return child.error().message;
  pipe.writer.reset();
  auto output = read_all(pipe.reader);
  EXPECT_EQ(status_of(*child), 0);
  return output;
}

TEST(Spawn, arguments_name_and_environment_arrive) {
  auto options = shell("echo $0 $1 $COLOUR $PATH");
  options.process_name = "as-typed";
  options.args.insert(options.args.end(), {"zero", "one"});
  options.environment = {"COLOUR=green"};
  EXPECT_NE(output_of(options).find("zero one green"), std::string::npos);
  auto name = shell("tr '\\0' ' ' < /proc/$$/cmdline");
  name.process_name = "as-typed";
  EXPECT_TRUE(output_of(name).starts_with("as-typed -c"));
}

TEST(Spawn, the_child_has_only_the_listed_descriptors) {
  const Fd secret(::open("/dev/null", O_RDONLY));  // without CLOEXEC, as a library might open one
  const Fd high(::fcntl(secret.get(), F_DUPFD, 200));
  const Fd listed(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  auto options = shell(
      "i=0; while [ $i -lt 300 ]; do [ -e /proc/$$/fd/$i ] && echo $i; i=$((i+1)); done; "
      "readlink /proc/$$/fd/150");
  options.fds = {{listed.get(), 150}};
  EXPECT_EQ(output_of(options), "0\n1\n2\n150\n/dev/zero\n");
}

TEST(Spawn, descriptors_may_take_each_others_numbers) {
  const TemporaryFolder folder;
  std::ofstream(folder / "a") << "A";
  std::ofstream(folder / "b") << "B";
  const Fd a(::open((folder / "a").c_str(), O_RDONLY | O_CLOEXEC));
  const Fd b(::open((folder / "b").c_str(), O_RDONLY | O_CLOEXEC));
  auto options = shell("cat /proc/self/fd/" + std::to_string(b.get()) + " /proc/self/fd/" +
                       std::to_string(a.get()));
  options.fds = {{a.get(), b.get()}, {b.get(), a.get()}};
  EXPECT_EQ(output_of(options), "AB");
  auto same = shell("cat /proc/self/fd/" + std::to_string(a.get()));
  same.fds = {{a.get(), a.get()}};
  EXPECT_EQ(output_of(same), "A");
}

TEST(Spawn, no_signal_is_blocked_or_ignored_in_the_child) {
  const auto old = ::signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  sigset_t before;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &set, &before);
  const auto output = output_of(shell("grep -E 'SigBlk|SigIgn' /proc/self/status"));
  sigset_t after;
  ::pthread_sigmask(SIG_SETMASK, &before, &after);
  ::signal(SIGPIPE, old);
  EXPECT_EQ(output, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
  EXPECT_TRUE(::sigismember(&after, SIGTERM));  // the caller's own mask is as before
  EXPECT_FALSE(::sigismember(&after, SIGINT));
}

TEST(Spawn, a_new_process_group_is_led_by_the_child) {
  auto options = shell("sleep 60");
  options.new_process_group = true;
  const auto child = spawn(real(), options);
  ASSERT_TRUE(child);
  EXPECT_EQ(::getpgid(*child), *child);
  EXPECT_EQ(::kill(-*child, SIGKILL), 0);
  EXPECT_EQ(status_of(*child), -SIGKILL);
}

TEST(Spawn, listen_pid_is_the_childs_own) {
  auto options = shell("test \"$LISTEN_PID\" = $$ && echo yes");
  options.tell_listen_pid = true;
  EXPECT_EQ(output_of(options), "yes\n");
}

TEST(Spawn, a_pinned_binary_runs_although_its_file_was_replaced) {
  const TemporaryFolder folder;
  const auto path = folder / "program";
  std::filesystem::copy_file("/bin/echo", path);
  const auto pinned = pin_binary(real(), path);
  ASSERT_TRUE(pinned) << pinned.error().message;
  std::ofstream(folder / "next") << "#!/bin/false\n";
  std::filesystem::rename(folder / "next", path);
  SpawnOptions options;
  options.binary_fd = pinned->binary_fd();
  options.path = path;
  options.args = {"still", "here"};
  EXPECT_EQ(output_of(options), "still here\n");
}

TEST(Spawn, a_program_that_cannot_run_is_named_with_the_reason) {
  SpawnOptions options;
  options.path = "/nonexistent/server";
  const auto missing = spawn(real(), options);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  EXPECT_TRUE(missing.error().message.starts_with(
      "cannot run /nonexistent/server: no such file or directory; "));
  options.path = "/etc/passwd";
  EXPECT_EQ(spawn(real(), options).error().code, ErrorCode::permission_denied);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);  // no child is left
}

TEST(Spawn, two_descriptors_for_one_number_are_refused) {
  auto options = shell("true");
  options.fds = {{0, 5}, {1, 5}};
  EXPECT_EQ(spawn(real(), options).error().code, ErrorCode::invalid_argument);
  options.fds = {{-1, 5}};
  EXPECT_EQ(spawn(real(), options).error().code, ErrorCode::invalid_argument);
}

TEST(Spawn, a_descriptor_that_is_not_open_is_an_error_and_no_child_is_left) {
  auto options = shell("true");
  options.fds = {{9999, 5}};
  ASSERT_FALSE(spawn(real(), options));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST(Spawn, whichever_call_fails_no_descriptor_and_no_child_is_left) {
  const auto before = open_descriptors();
  const int faults = segue::testing::for_each_fault(EAGAIN, [](const Os& os) {
    const auto child = spawn(os, shell("exit 7"));
    if (!child) {
      EXPECT_TRUE(child.error().message.starts_with("cannot run /bin/sh: "));
      return;
    }
    EXPECT_EQ(status_of(*child), 7);
  });
  EXPECT_GE(faults, 4);  // pipe, mask, spawn, read
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST(Spawn, the_signal_mask_is_restored_when_the_fork_fails) {
  FaultyOs::fail_only<&Os::spawn>(1, EAGAIN);
  EXPECT_FALSE(spawn(FaultyOs::os(), shell("true")));
  sigset_t now;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &now);
  EXPECT_FALSE(::sigismember(&now, SIGTERM));
}

}  // namespace
}  // namespace segue::os
