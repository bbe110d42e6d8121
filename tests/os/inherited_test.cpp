// Descriptors from a service manager, in a child of their own so that 3 and up are free.
#include "os/inherited.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

namespace segue::os {
namespace {

// Runs `body` in a forked process that has nothing but 0, 1, 2 and `fds` from 3 on; whether it
// gave true.
bool holds_with(int fds, const std::function<bool()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    for (int fd = 3; fd < 256; ++fd) ::close(fd);
    for (int i = 0; i < fds; ++i) ::open("/dev/null", O_RDONLY);
    ::_exit(body() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(Inherited, descriptors_come_with_their_names_and_close_on_exec) {
  EXPECT_TRUE(holds_with(2, [] {
    const auto fds = adopt_inherited(real(), {"2", "7", "web:admin"}, 7);
    return fds && fds->size() == 2 && (*fds)[0].name == "web" && (*fds)[0].fd.get() == 3 &&
           (*fds)[1].name == "admin" && ::fcntl(4, F_GETFD) == FD_CLOEXEC;
  }));
}

TEST(Inherited, without_names_each_is_unknown) {
  EXPECT_TRUE(holds_with(1, [] {
    const auto fds = adopt_inherited(real(), {"1", "7", ""}, 7);
    return fds && fds->size() == 1 && (*fds)[0].name == "unknown";
  }));
}

TEST(Inherited, variables_that_are_unset_or_meant_for_another_give_nothing) {
  EXPECT_TRUE(adopt_inherited(real(), {}, 7)->empty());
  EXPECT_TRUE(adopt_inherited(real(), {"2", "", ""}, 7)->empty());
  EXPECT_TRUE(adopt_inherited(real(), {"2", "8", "web:admin"}, 7)->empty());
  EXPECT_TRUE(adopt_inherited(real(), {"0", "7", ""}, 7)->empty());
}

TEST(Inherited, a_broken_variable_is_named) {
  const std::pair<InheritedVariables, std::string> cases[] = {
      {{"x", "7", ""}, "LISTEN_FDS=x"},
      {{"-1", "7", ""}, "LISTEN_FDS=-1"},
      {{"100000", "7", ""}, "LISTEN_FDS=100000"},
      {{"1", "7x", ""}, "LISTEN_PID=7x"},
      {{"1", "7", "web:admin"}, "LISTEN_FDNAMES=web:admin"},
  };
  for (const auto& [variables, named] : cases) {
    const auto fds = adopt_inherited(real(), variables, 7);
    ASSERT_FALSE(fds) << named;
    EXPECT_TRUE(fds.error().message.starts_with("cannot use " + named)) << fds.error().message;
  }
}

TEST(Inherited, a_promised_descriptor_that_is_not_open_is_named) {
  EXPECT_TRUE(holds_with(1, [] {
    const auto fds = adopt_inherited(real(), {"2", "7", "web:admin"}, 7);
    return !fds && fds.error().message.find("descriptor 4 (admin)") != std::string::npos;
  }));
}

}  // namespace
}  // namespace segue::os
