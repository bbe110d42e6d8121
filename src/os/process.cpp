// Questions to the process itself.
#include "os/process.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>

namespace segue::os {
std::string working_directory() {
  std::array<char, 4096> directory{};
  return ::getcwd(directory.data(), directory.size()) == nullptr ? "" : directory.data();
}

uid_t user() { return ::geteuid(); }

std::vector<std::string> environment() {
  std::vector<std::string> all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    all.emplace_back(*entry);
  }
  return all;
}

void close_on_exec(const Os& os, int fd) {
  if (fd >= 0) (void)os.fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void replace(const Os&, int source, int target) {
  if (source >= 0 && source != target) (void)::dup2(source, target);
}

}  // namespace segue::os
