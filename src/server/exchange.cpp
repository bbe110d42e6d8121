// The life of an exchange: begin, run, clear.
#include "server/exchange.hpp"

#include <cstdio>

#include "http1/writer.hpp"
#include "segue/status.hpp"
#include "server/engine.hpp"
#include "server/log.hpp"
#include "server/session.hpp"

namespace segue::server {
namespace {

// A pooled exchange does not hold on to the memory of one large response.
constexpr std::size_t kept_bytes_max = 64 * 1024;

}  // namespace

Exchange::Exchange(const Engine& the_engine)
    : engine(the_engine),
      buffer(std::make_unique_for_overwrite<char[]>(buffer_bytes)),
      context(*this) {}

void Exchange::add_field(std::string_view name, std::string_view value) {
  if (!http1::append_field(fields, name, value)) {
    throw HttpException(status::internal_server_error, "a response field cannot be sent");
  }
}

void Exchange::remove_field(std::string_view name) {
  std::size_t line = 0;
  while (line < fields.size()) {
    const std::size_t end = fields.find('\n', line) + 1;
    const std::string_view field = std::string_view(fields).substr(line, end - line);
    if (http::equal_ignoring_case(field.substr(0, field.find(':')), name)) {
      fields.erase(line, end - line);
    } else {
      line = end;
    }
  }
}

void Exchange::set_content_type(std::string_view type) {
  if (!http1::valid_field("Content-Type", type)) {
    throw HttpException(status::internal_server_error, "a content type cannot be sent");
  }
  content_type_text = type;
  content_type = content_type_text;
}

void Exchange::begin(Session& the_session) {
  session = &the_session;
  suspended = false;
  next_handler = 0;
  chain = engine.find(request.head, match);
  switch (match.kind) {
    case router::Match::Kind::found:
    case router::Match::Kind::not_found:
      break;
    case router::Match::Kind::method_not_allowed:
      add_field("Allow", match.allow);
      break;
    case router::Match::Kind::redirect: {
      std::string location = match.location;
      if (!request.head.query.empty()) location.append("?").append(request.head.query);
      context.redirect(request.head.method == http::Method::get ? status::moved_permanently
                                                                : status::temporary_redirect,
                       location);
      break;
    }
  }
}

void Exchange::run(void* self) {
  auto& x = *static_cast<Exchange*>(self);
  x.run_chain();
  if (x.suspended) x.session->handler_ended_later();
}

void Exchange::run_chain() {
  try {
    context.next();
  } catch (const HttpException& exception) {
    fail(exception.status(), exception.what());
  } catch (const std::exception& exception) {
    log_line("handler of " + std::string(match.pattern) + " threw: " + exception.what());
    fail(status::internal_server_error, "internal server error");
  } catch (...) {
    log_line("handler of " + std::string(match.pattern) + " threw something unknown");
    fail(status::internal_server_error, "internal server error");
  }
}

// What is on its way already cannot be taken back: then the client must see that it is cut.
void Exchange::fail(int code, std::string_view text) {
  if (streamed) {
    cut = true;
    return;
  }
  fields.clear();
  status = code >= 200 && code <= 599 ? code : status::internal_server_error;
  context.text(text);
}

void Exchange::clear() {
  status = status::ok;
  answered = false;
  streamed = false;
  streamed_bytes = 0;
  closes = false;
  cut = false;
  content_type = {};
  fields.clear();
  trailers.clear();
  if (!values.empty()) values.clear();
  if (content.capacity() > kept_bytes_max) std::string().swap(content);
  content.clear();
  session = nullptr;
}

}  // namespace segue::server
