// Context and ResponseStream: the user's view of an Exchange.
#include "segue/context.hpp"

#include "connection/connection_state.hpp"
#include "http/percent.hpp"
#include "http/query.hpp"
#include "http1/writer.hpp"
#include "segue/status.hpp"
#include "server/exchange.hpp"
#include "server/session.hpp"

namespace segue {

// --- Request ---

std::string_view Context::method() const { return exchange_.request.head.method_text; }
std::string_view Context::target() const { return exchange_.request.head.target; }
std::string_view Context::path() const {
  const auto& match = exchange_.match;
  return match.decoded.empty() ? exchange_.request.head.path : match.decoded;
}
std::string_view Context::full_path() const { return exchange_.match.pattern; }
std::string_view Context::param(std::string_view name) const { return exchange_.match.param(name); }
std::string_view Context::query_string() const { return exchange_.request.head.query; }

std::optional<std::string> Context::query(std::string_view name) const {
  http::QueryReader pairs(query_string());
  while (const auto pair = pairs.next()) {
    std::string key;
    if (!http::query_decode(pair->key, key) || key != name) continue;
    std::string value;
    if (!http::query_decode(pair->value, value)) value = pair->value;  // a bad escape: as sent
    return value;
  }
  return std::nullopt;
}

std::string Context::query(std::string_view name, std::string_view fallback) const {
  auto value = query(name);
  return value ? *std::move(value) : std::string(fallback);
}

std::string_view Context::header(std::string_view name) const {
  return exchange_.request.head.field(name);
}
std::string_view Context::content() const { return exchange_.request.content; }
std::string Context::client_ip() const {
  return connection::to_text(exchange_.session->state().peer);
}

// --- Response ---

Context& Context::status(int code) {
  if (code < 200 || code > 599) {
    throw HttpException(status::internal_server_error,
                        "status " + std::to_string(code) + " is outside 200 to 599");
  }
  exchange_.status = code;
  return *this;
}
int Context::status() const { return exchange_.status; }

Context& Context::header(std::string_view name, std::string_view value) {
  if (!exchange_.fields.empty()) exchange_.remove_field(name);
  exchange_.add_field(name, value);
  return *this;
}

void Context::text(std::string_view content) {
  exchange_.content_type = "text/plain; charset=utf-8";
  exchange_.content = content;
  exchange_.answered = true;
}

void Context::json(const Json& value) {
  exchange_.content_type = "application/json";
  exchange_.content.clear();
  value.append_to(exchange_.content);
  exchange_.answered = true;
}

void Context::data(std::string_view content_type, std::string_view content) {
  exchange_.set_content_type(content_type);
  exchange_.content = content;
  exchange_.answered = true;
}

void Context::empty(int code) {
  status(code);
  exchange_.content_type = {};
  exchange_.content.clear();
  exchange_.answered = true;
}

void Context::redirect(int code, std::string_view location) {
  if ((code < 300 || code > 308) && code != status::created) {
    throw HttpException(status::internal_server_error,
                        "redirect with status " + std::to_string(code) + "; use 301 to 308");
  }
  header("Location", location);
  empty(code);
}

void Context::stream(std::string_view content_type,
                     const std::function<void(ResponseStream&)>& write) {
  exchange_.set_content_type(content_type);
  exchange_.answered = true;
  exchange_.streamed = true;
  exchange_.session->begin_stream(exchange_);
  ResponseStream stream(exchange_);
  write(stream);
}

bool Context::answered() const { return exchange_.answered; }
std::size_t Context::content_bytes() const {
  return exchange_.streamed ? exchange_.streamed_bytes : exchange_.content.size();
}

bool ResponseStream::write(std::string_view bytes) {
  return exchange_.session->stream(exchange_, bytes);
}

bool ResponseStream::trailer(std::string_view name, std::string_view value) {
  return http1::append_field(exchange_.trailers, name, value);
}

// --- Chain ---

void Context::next() {
  const auto chain = exchange_.chain;
  while (exchange_.next_handler < chain.size()) {
    const Handler& handler = chain[exchange_.next_handler++];
    handler(*this);
  }
}

void Context::abort() { exchange_.next_handler = exchange_.chain.size() + 1; }

void Context::abort_with_status(int code) {
  abort();
  empty(code);
}

bool Context::is_aborted() const { return exchange_.next_handler > exchange_.chain.size(); }

void Context::set(std::string_view key, std::any value) {
  for (auto& [name, kept] : exchange_.values) {
    if (name != key) continue;
    kept = std::move(value);
    return;
  }
  exchange_.values.emplace_back(key, std::move(value));
}

const std::any* Context::find(std::string_view key) const {
  for (const auto& [name, value] : exchange_.values) {
    if (name == key) return &value;
  }
  return nullptr;
}

}  // namespace segue
