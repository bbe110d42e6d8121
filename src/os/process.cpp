// Paths and descriptors of the process itself.
#include "os/process.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

namespace segue::os {
namespace {

bool is_program(const Os& os, const std::string& path) {
  struct stat status {};
  return os.stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         (status.st_mode & 0111) != 0;
}

std::string made_absolute(std::string_view path) {
  if (path.starts_with('/')) return std::string(path);
  char* directory = ::getcwd(nullptr, 0);
  std::string absolute = directory == nullptr ? "" : directory;
  std::free(directory);
  while (path.starts_with("./")) path.remove_prefix(2);
  return absolute.append("/").append(path);
}

}  // namespace

Result<std::string> program_path(const Os& os, std::string_view typed,
                                 std::string_view search_path) {
  if (typed.find('/') != std::string_view::npos) return made_absolute(typed);
  while (!search_path.empty()) {
    const auto end = search_path.find(':');
    const std::string_view folder = search_path.substr(0, end);
    const std::string path = made_absolute(std::string(folder) + "/" + std::string(typed));
    if (is_program(os, path)) return path;
    search_path = end == std::string_view::npos ? std::string_view() : search_path.substr(end + 1);
  }
  return Error{ErrorCode::not_found, "cannot find the program '" + std::string(typed) +
                                         "' in PATH; start it by its path"};
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
