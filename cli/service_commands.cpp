// See service_commands.hpp.
#include "cli/service_commands.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "os/os.hpp"
#include "supervisor/report.hpp"
#include "supervisor/runtime_path.hpp"

namespace segue::cli {
namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : value;
}

Result<std::string> control_path(const std::string& given) {
  if (!given.empty()) return given;
  return supervisor::find_control_path(supervisor::runtime_directory(
      {variable("RUNTIME_DIRECTORY"), variable("XDG_RUNTIME_DIR"), ::geteuid()}));
}

int exit_code_of(ErrorCode code) {
  const bool no_answer = code == ErrorCode::timed_out || code == ErrorCode::unavailable;
  return no_answer ? 1 : 2;
}

int show_error(const ServiceCommand& command, const Error& error) {
  std::fprintf(stderr, "segue: %s\n", error.message.c_str());
  const int code = exit_code_of(error.code);
  if (command.json) {
    std::puts(supervisor::plain_answer(code, "error", error.message).json.c_str());
  }
  return code;
}

}  // namespace

int run(const ServiceCommand& command) {
  const auto path = control_path(command.control);
  if (!path) return show_error(command, path.error());
  supervisor::Request request = command.request;
  if (!request.binary.empty()) {  // the supervisor runs elsewhere; a link stays a link
    request.binary = std::filesystem::absolute(request.binary).lexically_normal().string();
  }
  const auto answer = supervisor::ask(os::real(), *path, request, command.timeout);
  if (!answer) return show_error(command, answer.error());
  const bool to_output = command.json || answer->exit_code == 0;
  std::fprintf(to_output ? stdout : stderr, "%s\n",
               (command.json ? answer->json : answer->text).c_str());
  return answer->exit_code;
}

}  // namespace segue::cli
