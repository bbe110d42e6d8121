// Reads the answers of a service from a stream of bytes (RFC 9112, client side). Whatever breaks
// the framing rules is malformed: a soak is no place for leniency.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "soak/answer.hpp"

namespace segue::soak {

/// Reads one answer after another. Requests are GET or POST, so every answer but 1xx, 204 and 304
/// has content. Interim answers (1xx) are passed over.
class AnswerReader {
 public:
  /// `version_field`: the field whose value names the version of the service.
  explicit AnswerReader(std::string_view version_field) : version_field_(version_field) {}

  enum class Kind : std::uint8_t {
    need_more,  ///< Call again with what was not consumed and what comes after it.
    answer,     ///< `out` is filled in.
    malformed,  ///< The stream cannot be read further.
  };
  struct Step {
    Kind kind = Kind::need_more;
    std::size_t consumed = 0;
  };
  Step read(std::string_view input, Answer& out);
  /// The stream has ended: whether that completes an answer (one without a length).
  bool at_end(Answer& out);
  /// Forgets everything, for a new stream.
  void restart();

  static constexpr std::size_t head_bytes_max = 64 * 1024;
  static constexpr std::size_t content_bytes_max = 64 * 1024 * 1024;

 private:
  //   head -> length | chunk_size | to_end; chunk_size -> chunk_data -> chunk_size;
  //   chunk_size (0) -> trailers; every way ends in head
  enum class Phase : std::uint8_t { head, length, chunk_size, chunk_data, trailers, to_end };

  Step read_head(std::string_view input, Answer& out);
  Step read_length(std::string_view input, Answer& out);
  Step read_chunk_size(std::string_view input);
  Step read_chunk_data(std::string_view input);
  Step read_trailers(std::string_view input, Answer& out);
  Step read_to_end(std::string_view input);
  bool parse_status_line(std::string_view line);
  bool parse_field(std::string_view line);
  bool parse_fields(std::string_view lines);
  bool choose_framing();
  Step hand_out(std::size_t consumed, std::string_view content, Answer& out);

  std::string_view version_field_;
  Phase phase_ = Phase::head;
  int status_ = 0;
  bool close_ = false;
  bool chunked_ = false;
  bool has_length_ = false;
  std::uint64_t left_ = 0;
  std::string version_;
  std::string id_;
  std::string content_;
};

}  // namespace segue::soak
