// Reading LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES.
#include "os/inherited.hpp"

#include <fcntl.h>

#include <charconv>
#include <optional>

#include "os/failure.hpp"

namespace segue::os {
namespace {

constexpr int inherited_max = 4096;

std::optional<int> as_number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

Error bad_variable(std::string_view name, std::string_view value, std::string_view why) {
  std::string message = "cannot use ";
  message.append(name).append("=").append(value).append(": ").append(why);
  message += "; start the service by its .socket unit, or unset the variable";
  return {ErrorCode::invalid_argument, std::move(message)};
}

std::vector<std::string> names_of(std::string_view list) {
  std::vector<std::string> names;
  while (true) {
    const auto colon = list.find(':');
    names.emplace_back(list.substr(0, colon));
    if (colon == std::string_view::npos) return names;
    list.remove_prefix(colon + 1);
  }
}

}  // namespace

Result<std::vector<NamedFd>> adopt_inherited(const Os& os, const InheritedVariables& variables,
                                             pid_t own_pid) {
  std::vector<NamedFd> adopted;
  if (variables.listen_fds.empty() || variables.listen_pid.empty()) return adopted;
  const auto pid = as_number(variables.listen_pid);
  if (!pid) return bad_variable("LISTEN_PID", variables.listen_pid, "it is no number");
  if (*pid != own_pid) return adopted;  // meant for our parent, which did not clear it
  const auto count = as_number(variables.listen_fds);
  if (!count || *count > inherited_max) {
    return bad_variable("LISTEN_FDS", variables.listen_fds, "it is no number from 0 to 4096");
  }
  std::vector<std::string> names(static_cast<std::size_t>(*count), "unknown");
  if (!variables.listen_fdnames.empty()) names = names_of(variables.listen_fdnames);
  if (names.size() != static_cast<std::size_t>(*count)) {
    return bad_variable("LISTEN_FDNAMES", variables.listen_fdnames,
                        "it does not have LISTEN_FDS names");
  }
  for (int i = 0; i < *count; ++i) {
    const int fd = first_inherited_fd + i;
    const int marked = os.fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (marked < 0) {
      return failure("cannot take over descriptor " + std::to_string(fd) + " (" +
                         names[static_cast<std::size_t>(i)] + ")",
                     marked, "LISTEN_FDS promises it; check who starts the service");
    }
    adopted.push_back({std::move(names[static_cast<std::size_t>(i)]), Fd(fd)});
  }
  return adopted;
}

}  // namespace segue::os
