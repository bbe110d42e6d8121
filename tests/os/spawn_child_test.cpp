// The child's side of spawn, called without spawn's preparations: what it tells through the error
// pipe, and what is left of the parent's descriptors. The rest is seen through spawn_test.cpp.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "os/fd.hpp"
#include "os/spawn.hpp"

namespace segue::os {
namespace {

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

/// One spawn of `/bin/sh -c script` or of `path`, with its arrays.
struct Child {
  explicit Child(const char* script, const char* path = "/bin/sh") {
    words[2] = const_cast<char*>(script);
    prepared.path = path;
    prepared.error_pipe = told.writer.get();
  }

  /// Starts it and waits for its end: exit status, or minus the signal.
  int run() {
    const pid_t pid = fork_and_execute(&prepared);
    EXPECT_GT(pid, 0);
    told.writer.reset();
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  /// The errno that it told; 0: none, it executes.
  int error() {
    int number = 0;
    return ::read(told.reader.get(), &number, sizeof number) == sizeof number ? number : 0;
  }

  Pipe told;
  char shell[3] = "sh";
  char flag[3] = "-c";
  char* words[4] = {shell, flag, nullptr, nullptr};
  char* environment[1] = {nullptr};
  PreparedSpawn::Passed passed[1] = {{-1, -1}};
  PreparedSpawn prepared{-1, nullptr, words, environment, passed, 0, nullptr, -1, false};
};

TEST(SpawnChild, that_executes_closes_the_error_pipe_without_a_word) {
  Child child("exit 3");
  EXPECT_EQ(child.run(), 3);
  EXPECT_EQ(child.error(), 0);
}

TEST(SpawnChild, that_cannot_execute_tells_the_errno_and_exits_127) {
  Child missing("", "/nonexistent/program");
  EXPECT_EQ(missing.run(), 127);
  EXPECT_EQ(missing.error(), ENOENT);
  Child folder("", "/");
  EXPECT_EQ(folder.run(), 127);
  EXPECT_EQ(folder.error(), EACCES);
}

TEST(SpawnChild, a_descriptor_to_pass_that_is_not_open_is_told_as_such) {
  Child child("exit 0");
  child.passed[0] = {9999, 5};
  child.prepared.fd_count = 1;
  EXPECT_EQ(child.run(), 127);
  EXPECT_EQ(child.error(), EBADF);
}

TEST(SpawnChild, the_error_pipe_survives_a_passed_descriptor_that_wants_its_number) {
  Child child("exit 0", "/nonexistent/program");
  const Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  child.passed[0] = {null.get(), child.told.writer.get()};
  child.prepared.fd_count = 1;
  EXPECT_EQ(child.run(), 127);
  EXPECT_EQ(child.error(), ENOENT);
}

TEST(SpawnChild, the_parents_own_descriptors_stay_as_they_are) {
  Child child("exit 0");
  const Fd null(::open("/dev/null", O_RDONLY));
  child.passed[0] = {null.get(), 200};
  child.prepared.fd_count = 1;
  EXPECT_EQ(child.run(), 0);
  EXPECT_EQ(::fcntl(null.get(), F_GETFD), 0);
  EXPECT_EQ(::fcntl(200, F_GETFD), -1);
}

TEST(SpawnChild, writes_its_pid_in_decimal_for_itself_alone) {
  char listen_pid[] = "LISTEN_PID=\0\0\0\0\0\0\0\0\0\0\0";
  char* environment[] = {listen_pid, nullptr};
  Child child("test \"$LISTEN_PID\" = $$");
  child.prepared.environment = environment;
  child.prepared.listen_pid = listen_pid + sizeof "LISTEN_PID=" - 1;
  EXPECT_EQ(child.run(), 0);
  EXPECT_STREQ(listen_pid, "LISTEN_PID=");
}

}  // namespace
}  // namespace segue::os
