// See control.hpp.
#include "supervisor/control.hpp"

#include <sys/time.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "base/codec.hpp"
#include "os/failure.hpp"
#include "os/fd.hpp"

namespace segue::supervisor {
namespace {

// Fixed for ever. Requests:
constexpr std::uint32_t tag_command = 1;
constexpr std::uint32_t tag_binary = 2;
constexpr std::uint32_t tag_check = 3;
constexpr std::uint32_t tag_wait = 4;
constexpr std::uint32_t tag_supervisor = 5;
// Answers:
constexpr std::uint32_t tag_exit_code = 1;
constexpr std::uint32_t tag_json = 2;
constexpr std::uint32_t tag_text = 3;

Error malformed(std::string_view what) {
  return {ErrorCode::malformed, "malformed control message: " + std::string(what)};
}

Error unknown_tag(std::uint32_t tag) {
  return {ErrorCode::unsupported, "control message needs tag " + std::to_string(tag) +
                                      ", which this version does not know; use the same Segue"};
}

bool must_know(std::uint32_t tag) { return (tag & base::required_tag_bit) != 0; }

timeval to_timeval(std::chrono::milliseconds time) {
  const auto us = std::chrono::microseconds(time).count();
  return {us / 1'000'000, us % 1'000'000};
}

Error no_answer(const std::string& path, int number) {
  if (number == -EAGAIN) {
    return {ErrorCode::timed_out, "the supervisor at " + path +
                                      " did not answer in time; it may be working: see `segue "
                                      "status`"};
  }
  return os::failure("no answer from the supervisor at " + path, number);
}

Result<os::Fd> connect_to_supervisor(const os::Os& os, const std::string& path,
                                     std::chrono::milliseconds timeout) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return Error{ErrorCode::invalid_argument, "control path \"" + path + "\" is empty or longer " +
                                                  "than 107 bytes; give a shorter --control"};
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  os::Fd socket(os.socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) return os::failure("cannot open a socket", socket.release());
  const timeval limit = to_timeval(timeout);
  os.setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  os.setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const int connected =
      os.connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (connected == -ENOENT || connected == -ECONNREFUSED) {
    return Error{ErrorCode::not_found,
                 "no service at " + path + ": start it, or pass --control PATH of a running one"};
  }
  if (connected < 0) {
    return os::failure("cannot reach the supervisor at " + path, connected,
                       "run this as the user of the service, or as root");
  }
  return socket;
}

}  // namespace

std::string encode(const Request& request) {
  std::string record;
  base::Writer writer(record);
  writer.number(tag_command, static_cast<std::uint64_t>(request.command));
  if (!request.binary.empty()) writer.bytes(tag_binary, request.binary);
  if (request.check) writer.number(tag_check, 1);
  if (request.wait) writer.number(tag_wait, 1);
  if (request.supervisor) writer.number(tag_supervisor, 1);
  return record;
}

Result<Request> decode_request(std::string_view record) {
  Request request;
  bool has_command = false;
  base::Reader reader(record);
  while (const auto entry = reader.next()) {
    const auto number = base::as_number(*entry);
    switch (entry->tag) {
      case tag_command:
        if (!number || *number < 1 || *number > 4) return malformed("unknown command");
        request.command = static_cast<Command>(*number);
        has_command = true;
        break;
      case tag_binary:
        if (entry->bytes.size() > control_path_bytes_max || !entry->bytes.starts_with('/') ||
            entry->bytes.find('\0') != std::string_view::npos) {
          return malformed("the binary must be an absolute path of at most 4096 bytes");
        }
        request.binary = entry->bytes;
        break;
      case tag_check:
        request.check = number == 1U;
        break;
      case tag_wait:
        request.wait = number == 1U;
        break;
      case tag_supervisor:
        request.supervisor = number == 1U;
        break;
      default:
        if (must_know(entry->tag)) return unknown_tag(entry->tag);
    }
  }
  if (reader.malformed()) return malformed("broken record");
  if (!has_command) return malformed("no command");
  return request;
}

std::string encode(const Answer& answer) {
  std::string record;
  base::Writer writer(record);
  writer.number(tag_exit_code, static_cast<std::uint64_t>(answer.exit_code));
  writer.bytes(tag_json, answer.json);
  writer.bytes(tag_text, answer.text);
  return record;
}

Result<Answer> decode_answer(std::string_view record) {
  Answer answer;
  bool has_code = false;
  base::Reader reader(record);
  while (const auto entry = reader.next()) {
    const auto number = base::as_number(*entry);
    switch (entry->tag) {
      case tag_exit_code:
        if (!number || *number > 255) return malformed("exit code");
        answer.exit_code = static_cast<int>(*number);
        has_code = true;
        break;
      case tag_json:
        answer.json = entry->bytes;
        break;
      case tag_text:
        answer.text = entry->bytes;
        break;
      default:
        if (must_know(entry->tag)) return unknown_tag(entry->tag);
    }
  }
  if (reader.malformed()) return malformed("broken record");
  if (!has_code) return malformed("no exit code");
  return answer;
}

Result<Answer> ask(const os::Os& os, const std::string& path, const Request& request,
                   std::chrono::milliseconds timeout) {
  auto socket = connect_to_supervisor(os, path, timeout);
  if (!socket) return socket.error();
  const std::string record = encode(request);
  const ssize_t sent = os.send(socket->get(), record.data(), record.size(), MSG_NOSIGNAL);
  if (sent < 0) return no_answer(path, static_cast<int>(sent));
  std::vector<char> buffer(control_bytes_max);
  ssize_t got = -EINTR;
  while (got == -EINTR) got = os.recv(socket->get(), buffer.data(), buffer.size(), 0);
  if (got < 0) return no_answer(path, static_cast<int>(got));
  if (got == 0) {
    return Error{ErrorCode::unavailable,
                 "the supervisor at " + path + " ended without an answer; see its log"};
  }
  return decode_answer({buffer.data(), static_cast<std::size_t>(got)});
}

}  // namespace segue::supervisor
