// One request being answered: the bytes it came in, what was parsed and matched, the response so
// far. Pooled per lane; a handler that waits keeps its exchange, so the views it holds stay.
#pragma once

#include <any>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/request.hpp"
#include "http1/writer.hpp"
#include "router/match.hpp"
#include "segue/context.hpp"

namespace segue::server {

class Engine;
class Session;

class Exchange {
 public:
  /// Room for one receive: larger than any head, lazily touched.
  static constexpr std::size_t buffer_bytes = 32 * 1024;

  explicit Exchange(const Engine& engine);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// Gets ready to answer `request` for `session`.
  void begin(Session& session);
  /// The handler chain, on a fiber; what it throws becomes an answer. `self` is the Exchange.
  static void run(void* self);
  /// Forgets the response and what handlers set; keeps buffers of a sensible size.
  void clear();
  /// Adds a response field; throws HttpException(500) if it cannot be sent.
  void add_field(std::string_view name, std::string_view value);
  void remove_field(std::string_view name);
  /// Keeps a copy; throws HttpException(500) if it cannot be sent.
  void set_content_type(std::string_view type);

  const Engine& engine;
  std::unique_ptr<char[]> buffer;
  std::size_t unread_begin = 0;  // bytes of the buffer behind this request
  std::size_t unread_end = 0;

  http::Request request;
  router::Match match;
  Session* session = nullptr;
  bool suspended = false;  // the chain has waited: its end is told to the session by the loop

  // The response so far.
  int status = 200;
  bool answered = false;
  bool streamed = false;  // already on its way, by Context::stream
  std::size_t streamed_bytes = 0;
  bool closes = false;  // the streamed head said `Connection: close`
  bool cut = false;     // the stream ended with an exception: its content is not complete
  http1::StreamFraming framing = http1::StreamFraming::none;
  std::string_view content_type;  // literal, or a view of content_type_text
  std::string content_type_text;
  std::string fields;  // serialised: "Name: value\r\n"...
  std::string content;
  std::string trailers;

  // The chain.
  std::span<const Handler> chain;
  std::size_t next_handler = 0;
  std::vector<std::pair<std::string, std::any>> values;
  Context context;

 private:
  void run_chain();
  void fail(int code, std::string_view text);
};

}  // namespace segue::server
