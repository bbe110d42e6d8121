// See runtime_path.hpp.
#include "supervisor/runtime_path.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <vector>

#include "os/failure.hpp"

namespace segue::supervisor {

std::string runtime_directory(const RuntimeEnvironment& environment) {
  const auto first = environment.runtime_directory.substr(
      0, environment.runtime_directory.find(':'));  // systemd.exec(5): colon-separated
  if (!first.empty()) return std::string(first);
  if (!environment.xdg_runtime_dir.empty()) {
    return std::string(environment.xdg_runtime_dir) + "/segue";
  }
  if (environment.uid == 0) return "/run/segue";
  return "/tmp/segue-" + std::to_string(environment.uid);
}

Result<void> ensure_runtime_directory(const os::Os& os, const std::string& path, uid_t uid) {
  const std::string what = "cannot use the runtime directory " + path;
  const int made = os.mkdir(path.c_str(), 0700);
  if (made < 0 && made != -EEXIST) {
    return os::failure(what, made, "make it, or pass --control PATH");
  }
  struct stat status {};
  if (const int known = os.stat(path.c_str(), &status); known < 0) return os::failure(what, known);
  const bool ours = status.st_uid == uid || status.st_uid == 0;
  if (S_ISDIR(status.st_mode) && ours && (status.st_mode & 022) == 0) return {};
  return Error{ErrorCode::permission_denied,
               what + ": it must be a directory of this user that nobody else can write to; " +
                   "remove it, or pass --control PATH"};
}

Result<std::string> default_control_path(const os::Os& os, std::string_view service,
                                         const RuntimeEnvironment& environment) {
  const std::string directory = runtime_directory(environment);
  if (auto usable = ensure_runtime_directory(os, directory, environment.uid); !usable) {
    return usable.error();
  }
  return directory + "/" + std::string(service) + ".control";
}

Result<std::string> find_control_path(const std::string& directory) {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
    if (entry.path().extension() == ".control") found.push_back(entry.path().string());
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    return Error{ErrorCode::not_found,
                 "no service has its control socket in " + directory +
                     ": start one, or pass the --control PATH that it was started with"};
  }
  std::sort(found.begin(), found.end());
  std::string list;
  for (const std::string& path : found) list += "\n  --control " + path;
  return Error{ErrorCode::invalid_argument, "several services run here; pass one of:" + list};
}

}  // namespace segue::supervisor
