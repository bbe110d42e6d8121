// The context of one request: what came in, what goes out, and the chain of handlers between.
// Not for the service as a whole: that is App (app.hpp).
#pragma once

#include <any>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "segue/json.hpp"

namespace segue {

class Context;
namespace server {
class Exchange;
}

/// What runs for a request: a middleware or the handler at the end of the chain. Runs on a fiber:
/// it may wait (wait.hpp); it must not hold a mutex or a thread_local reference while it does.
using Handler = std::function<void(Context&)>;

/// Thrown by a handler (or by `bind`) to answer with `status` and a plain text message. Anything
/// else that is thrown answers 500 and its text is logged, never sent.
class HttpException : public std::exception {
 public:
  HttpException(int status, std::string message) : status_(status), message_(std::move(message)) {}
  int status() const { return status_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  int status_;
  std::string message_;
};

/// Sends a response in pieces, for handlers that do not have it whole. Chunked for HTTP/1.1,
/// ended by the close for HTTP/1.0. Lives as long as the function given to `Context::stream`.
class ResponseStream {
 public:
  /// Sends `bytes` as one chunk; waits while the client takes less than the send queue holds
  /// (`Limits::send_queue_bytes_max`). False: the client is gone, stop.
  bool write(std::string_view bytes);
  /// A trailer field sent after the last chunk (HTTP/1.1 only). False: not a valid field.
  bool trailer(std::string_view name, std::string_view value);

 private:
  friend class Context;
  explicit ResponseStream(server::Exchange& exchange) : exchange_(exchange) {}
  server::Exchange& exchange_;
};

/// One request and its response. Valid only until the handler chain returns; every view it gives
/// lives as long. Used by the fiber that runs the chain, by nobody else.
class Context {
 public:
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // --- Request (RFC 9110) ---

  std::string_view method() const;
  /// The request target as sent: "/a%20b?x=1".
  std::string_view target() const;
  /// The path, percent-decoded: "/a b".
  std::string_view path() const;
  /// The pattern of the route that matched ("/user/:id"); "" if none did.
  std::string_view full_path() const;
  /// The value of `:name` or `*name` in the pattern; "" if the pattern has none.
  std::string_view param(std::string_view name) const;
  /// The query after '?', as sent.
  std::string_view query_string() const;
  /// The first value of `name` in the query, decoded ('+' is a space); nothing if it is not there.
  std::optional<std::string> query(std::string_view name) const;
  std::string query(std::string_view name, std::string_view fallback) const;
  /// The first field of that name (case-insensitive); "" if there is none.
  std::string_view header(std::string_view name) const;
  /// The content, whole and decoded from its transfer coding.
  std::string_view content() const;
  /// The client's address as text: of the connection, or as the PROXY header on it says.
  std::string client_ip() const;

  // --- Response ---

  /// The status that the next answer has; 200 unless said. Range 200 to 599.
  Context& status(int code);
  int status() const;
  /// Sets a response field, replacing what was set under that name. Throws HttpException(500) for a
  /// name or value that cannot be sent (line breaks, control bytes): never sent half.
  Context& header(std::string_view name, std::string_view value);
  /// Answers with text/plain; charset=utf-8.
  void text(std::string_view content);
  /// Answers with application/json.
  void json(const Json& value);
  /// Answers with any content type.
  void data(std::string_view content_type, std::string_view content);
  /// Answers with the status alone (and no content).
  void empty(int code);
  /// Answers with a redirect (status 300 to 308, 201) to `location`.
  void redirect(int code, std::string_view location);
  /// Answers in pieces: `write` is called at once and the response ends when it returns. The
  /// handler counts as running meanwhile: its connection moves at a handover only after the end.
  void stream(std::string_view content_type, const std::function<void(ResponseStream&)>& write);
  /// Whether something was answered.
  bool answered() const;
  /// Bytes of content answered so far, for logs.
  std::size_t content_bytes() const;

  // --- Chain ---

  /// Runs the rest of the chain, then returns here (a middleware that does not call it lets the
  /// chain go on after it).
  void next();
  /// The handlers after this one do not run; this one goes on.
  void abort();
  /// abort() and empty(code).
  void abort_with_status(int code);
  bool is_aborted() const;

  /// Values that handlers of this request share.
  void set(std::string_view key, std::any value);
  /// The value under `key` if it is a T; else null.
  template <class T>
  const T* get(std::string_view key) const {
    return std::any_cast<T>(find(key));
  }

 private:
  friend class server::Exchange;
  explicit Context(server::Exchange& exchange) : exchange_(exchange) {}
  const std::any* find(std::string_view key) const;

  server::Exchange& exchange_;
};

}  // namespace segue
