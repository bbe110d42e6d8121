// What a service does with its command line: exit codes, messages, and the worker in the
// foreground.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "os/spawn.hpp"
#include "tests/support/descriptors.hpp"

namespace segue::launch {
namespace {

const std::string program = SEGUE_BINARY_DIR "/bin/hello-v1";

/// hello-v1 with its standard output and error in one pipe.
class Hello {
 public:
  explicit Hello(std::vector<std::string> args) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    reader_.reset(ends[0]);
    const os::Fd writer(ends[1]);
    os::SpawnOptions options;
    options.path = program;
    options.args = std::move(args);
    options.fds = {{writer.get(), 1}, {writer.get(), 2}};
    const auto child = os::spawn(os::real(), options);
    EXPECT_TRUE(child.ok()) << (child ? "" : child.error().message);
    if (child) pid_ = *child;
  }
  ~Hello() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Hello(const Hello&) = delete;
  Hello& operator=(const Hello&) = delete;

  /// Reads until `text` was said, or the end, or 20 seconds of silence.
  std::string read_until(const std::string& text) {
    char buffer[4096];
    pollfd waited{reader_.get(), POLLIN, 0};
    while (said_.find(text) == std::string::npos && ::poll(&waited, 1, 20'000) == 1) {
      const ssize_t got = ::read(reader_.get(), buffer, sizeof buffer);
      if (got <= 0) break;
      said_.append(buffer, static_cast<std::size_t>(got));
    }
    return said_;
  }
  void stop() const { ::kill(pid_, SIGTERM); }
  /// The exit status, after all that was said.
  int ended() {
    read_until("\x01 never said");
    int status = -1;
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  const std::string& said() const { return said_; }

 private:
  os::Fd reader_;
  pid_t pid_ = 0;
  std::string said_;
};

void expect_ends(std::vector<std::string> args, int code, const std::vector<std::string>& parts) {
  Hello hello(std::move(args));
  EXPECT_EQ(hello.ended(), code) << hello.said();
  for (const auto& part : parts) {
    EXPECT_NE(hello.said().find(part), std::string::npos) << part << " in: " << hello.said();
  }
}

TEST(Launch, help_lists_the_options_and_is_a_success) {
  expect_ends({"--help"}, 0, {"--listen", "--no-supervisor"});
}

TEST(Launch, a_wrong_value_ends_with_2_and_names_option_value_and_remedy) {
  expect_ends({"--threads", "0"}, 2, {"segue: ", "--threads", "0", "--help lists the options"});
  expect_ends({"serve"}, 2, {"'serve'", "--name VALUE"});
}

TEST(Launch, an_unknown_option_names_the_nearest) {
  Hello hello({"--no-supervisor", "--lisen", ":0"});
  EXPECT_EQ(hello.ended(), 2);
  EXPECT_EQ(hello.said(), "segue: unknown option --lisen; did you mean --listen?\n");
}

TEST(Launch, an_address_that_is_none_ends_with_2_and_says_what_is_accepted) {
  expect_ends({"--no-supervisor", "--listen", "nowhere"}, 2, {"\"nowhere\"", "no port", ":8080"});
}

TEST(Launch, without_supervisor_the_worker_serves_until_sigterm_and_ends_with_0) {
  const testing::TemporaryFolder folder;
  const std::string path = folder / "s";
  Hello hello({"--no-supervisor", "--threads", "1", "--listen", "unix:" + path});
  ASSERT_NE(hello.read_until("listening on ").find(path), std::string::npos) << hello.said();
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof name.sun_path - 1);
  const os::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  const std::string text = "GET /version HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  ASSERT_EQ(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL), ssize_t(text.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::recv(fd.get(), buffer, sizeof buffer, 0)) > 0;) {
    answer.append(buffer, static_cast<std::size_t>(got));
  }
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n1")) << answer;
  hello.stop();
  EXPECT_EQ(hello.ended(), 0) << hello.said();
}

}  // namespace
}  // namespace segue::launch
