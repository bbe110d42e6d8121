// The control socket: one supervisor per path (a lock), clients of the same user or root only, one
// question and one answer each.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "loop/loop.hpp"
#include "os/fd.hpp"
#include "segue/error.hpp"
#include "supervisor/control.hpp"
#include "supervisor/state.hpp"

namespace segue::supervisor {

/// Clients at one time. Beyond: the one that has been silent longest is dropped, else the new one.
inline constexpr std::size_t control_clients_max = 64;

class ControlServer final : private loop::Watcher {
 public:
  using OnRequest = std::function<void(CommandId, const Request&)>;

  /// Locks `path`.lock (which holds our pid) and listens at `path`; replaces a stale socket.
  /// Errors: another supervisor has the lock (its pid is named), or the path cannot be used.
  static Result<std::unique_ptr<ControlServer>> open(loop::Loop& loop, const std::string& path,
                                                     OnRequest on_request);
  /// The same with descriptors that an earlier code of this process opened.
  static Result<std::unique_ptr<ControlServer>> resume(loop::Loop& loop, const std::string& path,
                                                       os::Fd lock, os::Fd socket,
                                                       OnRequest on_request);
  ~ControlServer();

  /// Answers and hangs up. Nothing happens if the client has gone.
  void answer(CommandId command, const Answer& answer);
  /// A client that waited across the replacement of our code.
  void adopt_client(CommandId command, os::Fd fd);
  /// Removes socket and lock file.
  void remove();

  int lock_fd() const { return lock_.get(); }
  int socket_fd() const { return socket_.get(); }
  int client_fd(CommandId command) const;  ///< -1: gone.

 private:
  struct Client;
  ControlServer(loop::Loop& loop, std::string path, os::Fd lock, os::Fd socket, OnRequest handler);
  void on_ready(std::uint32_t events) override;
  void on_client(Client& client);
  bool make_room();

  loop::Loop& loop_;
  std::string path_;
  os::Fd lock_;
  os::Fd socket_;
  OnRequest on_request_;
  CommandId last_ = 0;
  std::map<CommandId, std::unique_ptr<Client>> clients_;
};

}  // namespace segue::supervisor
