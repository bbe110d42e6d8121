// A server that does what a test tells it to, misbehaviour included, with a thread per connection:
// the control that shows that the soak catches what it claims to catch.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "http1/reader.hpp"

namespace segue::soak {

/// What a script sees of a request.
struct Received {
  std::string target;
  std::string id;
  std::string content;
};

/// One accepted connection, in the hands of a script.
class Peer {
 public:
  Peer(int fd, std::size_t number) : fd_(fd), number_(number) {}

  std::size_t number() const { return number_; }  ///< Counts connections from 0.

  /// The next request; nothing once the client has closed.
  std::optional<Received> read() {
    for (;;) {
      http::Request request;
      const auto step = http1::read_request(state_, in_, request, limits_);
      if (step.kind == http1::ReadStep::Kind::refuse) return std::nullopt;
      if (step.kind == http1::ReadStep::Kind::request) {
        Received received{std::string(request.head.target), id_of(request),
                          std::string(request.content)};
        http1::finish(state_);
        in_.erase(0, step.consumed);
        return received;
      }
      in_.erase(0, step.consumed);
      char buffer[4096];
      const ssize_t got = ::recv(fd_, buffer, sizeof buffer, 0);
      if (got <= 0) return std::nullopt;
      in_.append(buffer, static_cast<std::size_t>(got));
    }
  }

  void write(const std::string& bytes) { send(bytes, 0); }
  /// The bytes and the end of the stream arrive together.
  void write_and_close(const std::string& bytes) {
    send(bytes, MSG_MORE);
    ::shutdown(fd_, SHUT_WR);
  }
  /// Waits until the client closes or sends something, at most so long.
  void pause(int ms) {
    pollfd wanted{fd_, POLLIN, 0};
    ::poll(&wanted, 1, ms);
  }
  /// What is closed next is reset.
  void reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }

 private:
  static std::string id_of(const http::Request& request) {
    for (const auto& field : request.head.fields()) {
      if (field.name == "Soak-Id") return std::string(field.value);
    }
    return {};
  }

  void send(const std::string& bytes, int flags) {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      const ssize_t now =
          ::send(fd_, bytes.data() + sent, bytes.size() - sent, flags | MSG_NOSIGNAL);
      if (now <= 0) return;
      sent += static_cast<std::size_t>(now);
    }
  }

  int fd_;
  std::size_t number_;
  std::string in_;
  http1::ReaderState state_;
  Limits limits_;
};

inline std::string answer(const std::string& content, const std::string& fields = "",
                          const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\n" + fields +
         "Content-Length: " + std::to_string(content.size()) + "\r\n\r\n" + content;
}

class UnrulyServer {
 public:
  using Script = std::function<void(Peer&)>;

  /// Each connection is given to `script`, and closed when that returns.
  explicit UnrulyServer(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(listener_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address = loopback();
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(listener_, 1024);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  UnrulyServer(const UnrulyServer&) = delete;
  UnrulyServer& operator=(const UnrulyServer&) = delete;

  ~UnrulyServer() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
      const std::lock_guard lock(mutex_);
      for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
    ::close(listener_);
  }

  std::string url(const std::string& path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_of(listener_)) + path;
  }

  static sockaddr_in loopback() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  static int port_of(int socket) {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length);
    return ntohs(address.sin_port);
  }

 private:
  void accept_all() {
    for (std::size_t number = 0;; ++number) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      {
        const std::lock_guard lock(mutex_);
        open_.push_back(fd);
      }
      threads_.emplace_back([this, fd, number] { serve(fd, number); });
    }
  }

  void serve(int fd, std::size_t number) {
    Peer peer(fd, number);
    script_(peer);
    const std::lock_guard lock(mutex_);
    std::erase(open_, fd);
    ::close(fd);
  }

  Script script_;
  int listener_ = -1;
  std::thread acceptor_;
  std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;  // of the acceptor, until it has ended
};

/// A script that answers every request with what `reply` makes of it.
inline UnrulyServer::Script answering(std::function<std::string(const Received&)> reply) {
  return [reply = std::move(reply)](Peer& peer) {
    while (const auto request = peer.read()) peer.write(reply(*request));
  };
}

inline UnrulyServer::Script polite() {
  return answering([](const Received&) { return answer("hello"); });
}

}  // namespace segue::soak
