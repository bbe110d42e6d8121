// Compares the request reader with llhttp: whatever Segue accepts, llhttp accepts too, as the same
// request. The other way round Segue may be stricter.
#pragma once

#include <llhttp.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http1/reader.hpp"

namespace segue::http1 {

/// What llhttp made of some bytes.
struct OracleRequest {
  std::string target, content;
  std::vector<std::pair<std::string, std::string>> fields;  ///< Trailers at the end.
  bool complete = false;
  bool keep_alive = false;
};

namespace oracle {

inline OracleRequest& of(llhttp_t* parser) { return *static_cast<OracleRequest*>(parser->data); }

inline int on_url(llhttp_t* parser, const char* at, std::size_t size) {
  of(parser).target.append(at, size);
  return 0;
}
inline int on_body(llhttp_t* parser, const char* at, std::size_t size) {
  of(parser).content.append(at, size);
  return 0;
}
inline int on_name(llhttp_t* parser, const char* at, std::size_t size) {
  of(parser).fields.back().first.append(at, size);
  return 0;
}
inline int on_value(llhttp_t* parser, const char* at, std::size_t size) {
  of(parser).fields.back().second.append(at, size);
  return 0;
}
inline int on_value_complete(llhttp_t* parser) {
  of(parser).fields.emplace_back();
  return 0;
}
inline int on_message_complete(llhttp_t* parser) {
  of(parser).complete = true;
  of(parser).keep_alive = llhttp_should_keep_alive(parser) != 0;
  return HPE_PAUSED;
}

}  // namespace oracle

/// Whether there is HTAB between a field's value and its CRLF.
inline bool tab_follows(std::string_view value) {
  const char* at = value.data() + value.size();
  while (*at == ' ') ++at;
  return *at == '\t';
}

/// How a request that llhttp accepted differs from what Segue saw; empty if it does not.
inline std::string difference(const OracleRequest& request, std::uint8_t method,
                              const http::Request& seen) {
  if (request.target != seen.head.target) return "another target: " + request.target;
  if (request.content != seen.content) return "other content: " + request.content;
  if (seen.head.method_text != llhttp_method_name(static_cast<llhttp_method_t>(method))) {
    return "another method";
  }
  // llhttp heeds Connection among the trailers too; RFC 9110 section 6.5.1 has it ignored.
  if (seen.head.keep_alive && !request.keep_alive && seen.trailers.empty()) {
    return "llhttp closes the connection";
  }
  std::size_t at = 0;
  for (const http::Field& field : seen.head.fields()) {
    if (at >= request.fields.size() || request.fields[at].first != field.name) {
      return "another field than " + std::string(field.name);
    }
    std::string value = request.fields[at].second;
    value.erase(value.find_last_not_of(" \t") + 1);
    if (value != field.value) return "another value of " + std::string(field.name);
    ++at;
  }
  return {};
}

/// Why llhttp takes `bytes` for something else than the one request `seen`; empty if it agrees or
/// if the difference is one that Segue wants (each is named below).
inline std::string disagreement(std::string_view bytes, const http::Request& seen) {
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  settings.on_url = oracle::on_url;
  settings.on_body = oracle::on_body;
  settings.on_header_field = oracle::on_name;
  settings.on_header_value = oracle::on_value;
  settings.on_header_value_complete = oracle::on_value_complete;
  settings.on_message_complete = oracle::on_message_complete;
  OracleRequest request;
  request.fields.emplace_back();
  llhttp_t parser;
  llhttp_init(&parser, HTTP_REQUEST, &settings);
  parser.data = &request;
  const llhttp_errno_t error = llhttp_execute(&parser, bytes.data(), bytes.size());

  // Segue leaves unknown methods to the router; llhttp has a list, and reads PRI as HTTP/2.
  if (seen.head.method == http::Method::other) return {};
  // Segue reads HTTP/1.2 to 1.9 as 1.1 (RFC 9110 section 2.5); llhttp knows no such version.
  if (error == HPE_INVALID_VERSION) return {};
  // Segue leaves CONNECT and Upgrade to the handler; llhttp stops there on its own.
  if (seen.head.method == http::Method::connect || parser.upgrade != 0) return {};

  // llhttp 8 does not know HTAB behind a length or a coding, where it is optional whitespace as SP
  // is (RFC 9110 section 5.6.3). It knows neither a quoted pair in a chunk extension nor a second
  // extension behind a value that is a token; both are right (RFC 9112 section 7.1.1).
  const char* const place = llhttp_get_error_pos(&parser);
  if (error == HPE_INVALID_CONTENT_LENGTH && *place == '\t') return {};
  const std::string_view coding = seen.head.field(http::KnownField::transfer_encoding);
  if (error == HPE_INVALID_TRANSFER_ENCODING && tab_follows(coding)) return {};
  if (error == HPE_INVALID_CHUNK_SIZE && place[-1] == ';') return {};
  if (error == HPE_STRICT && place[-1] == '\\') return {};

  if (error != HPE_PAUSED) {
    const char* const reason = llhttp_get_error_reason(&parser);
    return std::string("llhttp says ") + llhttp_errno_name(error) + " " +
           (reason != nullptr ? reason : "");
  }
  if (place != bytes.data() + bytes.size()) return "another end";
  return difference(request, parser.method, seen);
}

/// Reads requests from `bytes` as the server would; the first disagreement with llhttp, or "".
inline std::string first_disagreement(std::string_view bytes, std::size_t* compared = nullptr) {
  const Limits limits;
  ReaderState state;
  const auto request = std::make_unique<http::Request>();
  while (true) {
    const ReadStep step = read_request(state, bytes, *request, limits);
    if (step.kind != ReadStep::Kind::request) return {};
    if (compared != nullptr) ++*compared;
    std::string found = disagreement(bytes.substr(0, step.consumed), *request);
    if (!found.empty() || !request->head.keep_alive) return found;
    finish(state);
    bytes.remove_prefix(step.consumed);
  }
}

}  // namespace segue::http1
