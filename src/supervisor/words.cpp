// See words.hpp.
#include "supervisor/words.hpp"

#include <limits.h>
#include <sys/epoll.h>

#include <array>
#include <cerrno>

namespace segue::supervisor {
namespace {

constexpr int standard_error = 2;
constexpr std::uint32_t retry_ms = 20;

}  // namespace

// Room for PIPE_BUF bytes at least: a write of as many does not block (pipe(7)). The flag
// O_NONBLOCK is not ours to set: whoever started us shares it. What epoll does not take is a file:
// never full.
bool standard_error_takes_more(const os::Os& os) {
  const os::Fd epoll(os.epoll_create(EPOLL_CLOEXEC));
  epoll_event wanted{};
  wanted.events = EPOLLOUT;
  if (os.epoll_ctl(epoll.get(), EPOLL_CTL_ADD, standard_error, &wanted) < 0) return true;
  return os.epoll_wait(epoll.get(), &wanted, 1, 0) > 0;
}

Words::Words(loop::Loop& loop, os::Fd pipe) : loop_(loop), pipe_(std::move(pipe)) {
  if (pipe_ && !loop_.watch(pipe_.get(), EPOLLIN, *this)) pipe_.reset();
}

Words::~Words() {
  if (pipe_) loop_.unwatch(pipe_.get());
}

std::string Words::last() const {
  std::string line;
  for (const char c : kept_) {
    if (c == '\n')
      line += " | ";
    else if (static_cast<unsigned char>(c) >= 0x20)
      line += c;
  }
  while (line.ends_with(' ') || line.ends_with('|')) line.pop_back();
  return line;
}

void Words::drain() {
  for (int i = 0; i < 64 && pipe_ && pass_on() == Passed::some; ++i) {
  }
}

void Words::on_ready(std::uint32_t) {
  switch (pass_on()) {
    case Passed::some:
    case Passed::nothing:
      return;
    case Passed::ended:
      loop_.unwatch(pipe_.get());
      pipe_.reset();
      return;
    case Passed::full:  // the pipe fills up, and the worker's writes wait, as without us
      loop_.rewatch(pipe_.get(), 0);
      loop_.timers().set(*this, retry_ms);
      return;
  }
}

void Words::on_timer() {
  if (pipe_) loop_.rewatch(pipe_.get(), EPOLLIN);
}

Words::Passed Words::pass_on() {
  if (!standard_error_takes_more(loop_.os())) return Passed::full;
  std::array<char, PIPE_BUF> buffer;
  const ssize_t got = loop_.os().read(pipe_.get(), buffer.data(), buffer.size());
  if (got == -EAGAIN || got == -EINTR) return Passed::nothing;
  if (got <= 0) return Passed::ended;
  const auto bytes = static_cast<std::size_t>(got);
  loop_.os().write(standard_error, buffer.data(), bytes);
  if (keep_) kept_.append(buffer.data(), bytes);
  if (kept_.size() > words_bytes_max) kept_.erase(0, kept_.size() - words_bytes_max);
  return Passed::some;
}

}  // namespace segue::supervisor
