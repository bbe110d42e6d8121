// Finding and pinning the program of a generation (declared in spawn.hpp).
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "os/failure.hpp"
#include "os/spawn.hpp"

namespace segue::os {
namespace {

Error cannot_run(std::string_view path, std::string_view why) {
  std::string message = "cannot run ";
  message.append(path).append(": ").append(why);
  return {ErrorCode::invalid_argument, std::move(message)};
}

Result<Fd> open_program(const Os& os, const std::string& path) {
  Fd fd(os.open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0));
  if (fd.get() == -ENOENT || fd.get() == -ENOTDIR) {
    return failure("cannot run " + path, fd.release(), "build or install it there first");
  }
  if (fd.get() < 0) {
    return failure("cannot run " + path, fd.release(), "let this user read it and its folders");
  }
  struct stat status {};
  const int known = os.fstat(fd.get(), &status);
  if (known < 0) return failure("cannot run " + path, known);
  if (!S_ISREG(status.st_mode)) {
    return cannot_run(path, "it is no regular file; give the path of a program");
  }
  const int allowed = os.access(path.c_str(), X_OK);
  if (allowed < 0) return failure("cannot run " + path, allowed, "make it executable: chmod +x");
  return fd;
}

std::string joined(std::string_view folder, std::string_view name) {
  std::string path(folder);
  if (!path.ends_with('/')) path += '/';
  return path.append(name);
}

bool runnable(const Os& os, const std::string& path) {
  struct stat status {};
  return os.stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         os.access(path.c_str(), X_OK) == 0;
}

}  // namespace

Result<Pinned> pin_binary(const Os& os, std::string path) {
  if (!path.starts_with('/')) {
    return cannot_run(path, "the path is not absolute; write it from the root, as /srv/app/server");
  }
  auto fd = open_program(os, path);
  if (!fd) return fd.error();
  std::array<char, 4> magic{};
  ssize_t got = -EINTR;
  while (got == -EINTR) got = os.read(fd->get(), magic.data(), magic.size());
  if (got < 0) return failure("cannot run " + path, static_cast<int>(got));
  const std::string_view start(magic.data(), static_cast<std::size_t>(got));
  if (start ==
      "\x7f"
      "ELF")
    return Pinned{std::move(*fd), std::move(path), false};
  if (start.starts_with("#!")) return Pinned{Fd(), std::move(path), true};
  return cannot_run(path, "it is neither an ELF program nor a script; start a script with #!");
}

Result<std::string> find_program(const Os& os, std::string_view typed,
                                 std::string_view working_directory, std::string_view search_path) {
  if (typed.empty()) return cannot_run("\"\"", "no program was named");
  if (typed.starts_with('/')) return std::string(typed);
  if (typed.find('/') != std::string_view::npos) {
    if (typed.starts_with("./")) typed.remove_prefix(2);
    return joined(working_directory, typed);
  }
  while (!search_path.empty()) {
    const auto colon = search_path.find(':');
    const auto folder = search_path.substr(0, colon);
    search_path.remove_prefix(colon == std::string_view::npos ? search_path.size() : colon + 1);
    if (!folder.starts_with('/')) continue;  // a relative entry would follow the caller's folder
    auto path = joined(folder, typed);
    if (runnable(os, path)) return path;
  }
  return Error{ErrorCode::not_found, "cannot run " + std::string(typed) +
                                         ": no folder of PATH holds it; write ./" +
                                         std::string(typed) + " for one in this folder"};
}

}  // namespace segue::os
