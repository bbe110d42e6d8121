// One place that words the kernel's refusals.
#include "os/failure.hpp"

#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace segue::os {
namespace {

std::string_view exhaustion_remedy(int number) {
  switch (number) {
    case EMFILE:
      return "raise LimitNOFILE= (or ulimit -n) of the service";
    case ENFILE:
      return "raise the system's fs.file-max";
    case ENOMEM:
    case ENOBUFS:
      return "give the service more memory";
    default:
      return {};
  }
}

}  // namespace

std::string errno_text(int number) {
  const char* known = ::strerrordesc_np(std::abs(number));
  std::string text = known != nullptr ? known : "error " + std::to_string(std::abs(number));
  const auto second = text.size() > 1 ? static_cast<unsigned char>(text[1]) : '\0';
  if (std::islower(second) != 0) {  // "Permission denied", but not "RPC ..."
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

ErrorCode errno_code(int number) {
  switch (std::abs(number)) {
    case EINVAL:
    case ENAMETOOLONG:
      return ErrorCode::invalid_argument;
    case ENOENT:
    case ENOTDIR:
    case EADDRNOTAVAIL:
      return ErrorCode::not_found;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::permission_denied;
    case EADDRINUSE:
      return ErrorCode::address_in_use;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
    case EMSGSIZE:
    case ETOOMANYREFS:
      return ErrorCode::limit_exceeded;
    case EAFNOSUPPORT:
    case EOPNOTSUPP:
    case ENOSYS:
      return ErrorCode::unsupported;
    case ETIMEDOUT:
      return ErrorCode::timed_out;
    case ECANCELED:
      return ErrorCode::cancelled;
    case EAGAIN:
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE:
    case EBUSY:
      return ErrorCode::unavailable;
    default:
      return ErrorCode::system;
  }
}

Error failure(std::string_view what, int number, std::string_view remedy) {
  std::string message(what);
  message += ": " + errno_text(number);
  const auto own = exhaustion_remedy(std::abs(number));
  const auto advice = own.empty() ? remedy : own;
  if (!advice.empty()) message.append("; ").append(advice);
  return {errno_code(number), std::move(message)};
}

}  // namespace segue::os
