// See control_server.hpp.
#include "supervisor/control_server.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "os/failure.hpp"
#include "os/peer.hpp"
#include "supervisor/report.hpp"

namespace segue::supervisor {
namespace {

constexpr int backlog = 16;

std::string lock_path(const std::string& path) { return path + ".lock"; }

Error locked_by_other(const os::Os& os, int lock, const std::string& path) {
  std::array<char, 32> pid{};
  const ssize_t got = os.read(lock, pid.data(), pid.size() - 1);
  std::string who = got > 0 ? std::string(pid.data(), static_cast<std::size_t>(got)) : "unknown";
  while (who.ends_with('\n')) who.pop_back();
  return {ErrorCode::address_in_use,
          "another supervisor (pid " + who + ") runs the service at " + path +
              ": hand over with `segue upgrade`, or give this one its own --control PATH"};
}

// Locks the file that is at the path now: one removed by a supervisor that just ended is no lock.
Result<os::Fd> take_lock(const os::Os& os, const std::string& path) {
  const std::string file = lock_path(path);
  for (int tries = 0; tries < 10; ++tries) {
    os::Fd lock(os.open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (lock.get() < 0) {
      return os::failure("cannot open " + file, lock.release(),
                         "pass a --control PATH in a directory that this user can write to");
    }
    const int locked = os.flock(lock.get(), LOCK_EX | LOCK_NB);
    if (locked == -EWOULDBLOCK) return locked_by_other(os, lock.get(), path);
    if (locked < 0) return os::failure("cannot lock " + file, locked);
    struct stat held {};
    struct stat there {};
    if (os.fstat(lock.get(), &held) < 0 || os.stat(file.c_str(), &there) < 0) continue;
    if (held.st_ino != there.st_ino || held.st_dev != there.st_dev) continue;
    const std::string pid = std::to_string(::getpid()) + "\n";
    os.ftruncate(lock.get(), 0);
    os.write(lock.get(), pid.data(), pid.size());
    return lock;
  }
  return Error{ErrorCode::unavailable, "cannot lock " + file + ": it keeps being removed"};
}

// Under the lock: whatever socket is at the path is stale. Before listen() nobody can connect, so
// the mode is right by the time somebody can.
Result<os::Fd> listen_at(const os::Os& os, const std::string& path) {
  const std::string what = "cannot make the control socket " + path;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return Error{ErrorCode::invalid_argument,
                 what + ": paths of sockets have 1 to 107 bytes; pass a shorter --control"};
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  struct stat there {};
  if (os.stat(path.c_str(), &there) == 0) {
    if (!S_ISSOCK(there.st_mode)) {
      return Error{ErrorCode::invalid_argument,
                   what + ": a file that is no socket is there; remove it, or pass another path"};
    }
    os.unlink(path.c_str());
  }
  os::Fd socket(os.socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) return os::failure(what, socket.release());
  int result = os.bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  if (result >= 0) result = os.chmod(path.c_str(), 0600);
  if (result >= 0) result = os.listen(socket.get(), backlog);
  if (result < 0) return os::failure(what, result, "pass a --control PATH that can be written");
  return socket;
}

}  // namespace

struct ControlServer::Client final : loop::Watcher {
  Client(ControlServer& owner, CommandId command, os::Fd socket)
      : server(owner), id(command), fd(std::move(socket)) {}
  void on_ready(std::uint32_t) override { server.on_client(*this); }

  ControlServer& server;
  CommandId id;
  os::Fd fd;
  bool asked = false;
};

Result<std::unique_ptr<ControlServer>> ControlServer::open(loop::Loop& loop,
                                                           const std::string& path,
                                                           OnRequest on_request) {
  auto lock = take_lock(loop.os(), path);
  if (!lock) return lock.error();
  auto socket = listen_at(loop.os(), path);
  if (!socket) return socket.error();
  return resume(loop, path, std::move(*lock), std::move(*socket), std::move(on_request));
}

Result<std::unique_ptr<ControlServer>> ControlServer::resume(loop::Loop& loop,
                                                             const std::string& path, os::Fd lock,
                                                             os::Fd socket, OnRequest on_request) {
  std::unique_ptr<ControlServer> server(
      new ControlServer(loop, path, std::move(lock), std::move(socket), std::move(on_request)));
  auto watched = loop.watch(server->socket_.get(), EPOLLIN, *server);
  if (!watched) return watched.error();
  return server;
}

ControlServer::ControlServer(loop::Loop& loop, std::string path, os::Fd lock, os::Fd socket,
                             OnRequest handler)
    : loop_(loop),
      path_(std::move(path)),
      lock_(std::move(lock)),
      socket_(std::move(socket)),
      on_request_(std::move(handler)) {}

ControlServer::~ControlServer() {
  loop_.unwatch(socket_.get());
  for (auto& [id, client] : clients_) loop_.unwatch(client->fd.get());
}

void ControlServer::remove() {
  loop_.os().unlink(path_.c_str());
  loop_.os().unlink(lock_path(path_).c_str());
}

int ControlServer::client_fd(CommandId command) const {
  const auto at = clients_.find(command);
  return at == clients_.end() ? -1 : at->second->fd.get();
}

void ControlServer::adopt_client(CommandId command, os::Fd fd) {
  auto client = std::make_unique<Client>(*this, command, std::move(fd));
  client->asked = true;
  last_ = std::max(last_, command);
  if (loop_.watch(client->fd.get(), 0, *client)) clients_[command] = std::move(client);
}

void ControlServer::on_ready(std::uint32_t) {
  const os::Os& os = loop_.os();
  os::Fd fd(os.accept(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (fd.get() < 0 || !os::check_peer(os, fd.get(), ::geteuid()) || !make_room()) return;
  auto client = std::make_unique<Client>(*this, ++last_, std::move(fd));
  if (loop_.watch(client->fd.get(), EPOLLIN, *client)) clients_[client->id] = std::move(client);
}

bool ControlServer::make_room() {
  if (clients_.size() < control_clients_max) return true;
  const auto silent = std::find_if(clients_.begin(), clients_.end(),
                                   [](const auto& entry) { return !entry.second->asked; });
  if (silent == clients_.end()) return false;
  loop_.unwatch(silent->second->fd.get());
  clients_.erase(silent);
  return true;
}

void ControlServer::on_client(Client& client) {
  const CommandId id = client.id;
  std::array<char, control_path_bytes_max + 64> buffer;
  const ssize_t got = loop_.os().recv(client.fd.get(), buffer.data(), buffer.size(), MSG_TRUNC);
  if (got == -EAGAIN || got == -EINTR) return;
  if (client.asked || got <= 0) {  // gone; what it asked for goes on
    loop_.unwatch(client.fd.get());
    clients_.erase(id);
    return;
  }
  client.asked = true;
  loop_.rewatch(client.fd.get(), 0);
  const auto bytes = static_cast<std::size_t>(got);
  if (bytes > buffer.size()) {
    return answer(id, plain_answer(2, "error", "the request is longer than any can be"));
  }
  const auto request = decode_request({buffer.data(), bytes});
  if (!request) return answer(id, plain_answer(2, "error", request.error().message));
  on_request_(id, *request);
}

void ControlServer::answer(CommandId command, const Answer& answer) {
  const auto at = clients_.find(command);
  if (at == clients_.end()) return;
  Answer shown = answer;
  if (shown.json.size() + shown.text.size() > control_bytes_max - 64) {
    shown = plain_answer(answer.exit_code, "error", "the answer is too long to be sent");
  }
  const std::string record = encode(shown);
  loop_.os().send(at->second->fd.get(), record.data(), record.size(), MSG_NOSIGNAL);
  loop_.unwatch(at->second->fd.get());
  clients_.erase(at);
}

}  // namespace segue::supervisor
