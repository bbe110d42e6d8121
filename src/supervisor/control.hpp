// The control socket's language: what the `segue` command asks a supervisor and what it hears. One
// SOCK_SEQPACKET datagram each way, tagged records; and the client that asks.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "os/os.hpp"
#include "segue/error.hpp"

namespace segue::supervisor {

enum class Command : std::uint8_t {  // fixed for ever
  upgrade = 1,
  status = 2,
  rollback = 3,
  stop = 4,
};

struct Request {
  Command command = Command::status;
  std::string binary;  ///< upgrade: absolute path instead of the service's own; empty: its own.
  bool check = false;  ///< upgrade: dry run.
  bool wait = false;   ///< upgrade: answer after probation.
  bool supervisor = false;  ///< upgrade: replace the supervisor itself.
  bool operator==(const Request&) const = default;
};

struct Answer {
  int exit_code = 0;  ///< Of the command: 0 done, 1 refused or rolled back, 2 wrong use.
  std::string json;   ///< One line.
  std::string text;   ///< For people.
  bool operator==(const Answer&) const = default;
};

/// Longest path in a request, and longest record of either kind.
inline constexpr std::size_t control_path_bytes_max = 4096;
inline constexpr std::size_t control_bytes_max = 64 * 1024;

std::string encode(const Request& request);
Result<Request> decode_request(std::string_view record);
std::string encode(const Answer& answer);
Result<Answer> decode_answer(std::string_view record);

/// Asks the supervisor whose control socket is at `path` and waits for its answer, blocking.
/// Errors: nobody listens there, no permission, no answer within `timeout`.
Result<Answer> ask(const os::Os& os, const std::string& path, const Request& request,
                   std::chrono::milliseconds timeout);

}  // namespace segue::supervisor
