// Reads the answers of a service: see answer_reader.hpp.
#include "soak/answer_reader.hpp"

#include <algorithm>
#include <charconv>

namespace segue::soak {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::size_t line_bytes_max = 8 * 1024;

char lower(char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 32) : byte; }

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
  const std::size_t from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

bool parse_number(std::string_view text, int base, std::uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

bool lists(std::string_view list, std::string_view wanted) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (same_name(trimmed(list.substr(0, comma)), wanted)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

constexpr AnswerReader::Step malformed{AnswerReader::Kind::malformed, 0};
constexpr AnswerReader::Step need_more{AnswerReader::Kind::need_more, 0};

}  // namespace

void AnswerReader::restart() {
  phase_ = Phase::head;
  content_.clear();
}

AnswerReader::Step AnswerReader::read(std::string_view input, Answer& out) {
  std::size_t consumed = 0;
  for (;;) {
    const std::string_view rest = input.substr(consumed);
    const Phase before = phase_;
    Step step;
    switch (phase_) {
      case Phase::head: step = read_head(rest, out); break;
      case Phase::length: step = read_length(rest, out); break;
      case Phase::chunk_size: step = read_chunk_size(rest); break;
      case Phase::chunk_data: step = read_chunk_data(rest); break;
      case Phase::trailers: step = read_trailers(rest, out); break;
      case Phase::to_end: step = read_to_end(rest); break;
    }
    consumed += step.consumed;
    if (step.kind != Kind::need_more) return {step.kind, consumed};
    if (step.consumed == 0 && phase_ == before) return {Kind::need_more, consumed};
  }
}

AnswerReader::Step AnswerReader::read_head(std::string_view input, Answer& out) {
  const std::size_t end = input.find("\r\n\r\n");
  if (end == std::string_view::npos) return input.size() > head_bytes_max ? malformed : need_more;
  const std::string_view head = input.substr(0, end + line_end.size());
  const std::size_t first = head.find(line_end) + line_end.size();
  close_ = chunked_ = has_length_ = false;
  left_ = 0;
  version_.clear();
  id_.clear();
  content_.clear();
  if (!parse_status_line(head.substr(0, first)) || !parse_fields(head.substr(first)) ||
      !choose_framing()) {
    return malformed;
  }
  const std::size_t consumed = end + 4;
  if (status_ < 200) return {Kind::need_more, consumed};  // interim: another head follows
  if (phase_ == Phase::length && left_ == 0) return hand_out(consumed, {}, out);
  return {Kind::need_more, consumed};
}

// "HTTP/1.1 200 OK"
bool AnswerReader::parse_status_line(std::string_view line) {
  std::uint64_t status = 0;
  const bool right = line.size() >= 14 && (line.starts_with("HTTP/1.1 ") ||
                                            line.starts_with("HTTP/1.0 ")) &&
                     parse_number(line.substr(9, 3), 10, status) && status >= 100 &&
                     (line[12] == ' ' || line.substr(12) == line_end);
  close_ = right && line[7] == '0';
  status_ = static_cast<int>(status);
  return right;
}

bool AnswerReader::parse_fields(std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t end = lines.find(line_end);
    if (end == std::string_view::npos || !parse_field(lines.substr(0, end))) return false;
    lines.remove_prefix(end + line_end.size());
  }
  return true;
}

bool AnswerReader::parse_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || line.find_first_of(" \t\r\n") < colon || colon == 0) {
    return false;
  }
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (value.find_first_of("\r\n") != std::string_view::npos) return false;
  if (same_name(name, "content-length")) {
    if (has_length_ || !parse_number(value, 10, left_)) return false;
    has_length_ = true;
  } else if (same_name(name, "transfer-encoding")) {
    if (chunked_ || !same_name(value, "chunked")) return false;
    chunked_ = true;
  } else if (same_name(name, "connection")) {
    close_ = close_ || lists(value, "close");
  } else if (same_name(name, "soak-id")) {
    id_ = value;
  } else if (same_name(name, version_field_)) {
    version_ = value;
  }
  return true;
}

// RFC 9112 section 6.3.
bool AnswerReader::choose_framing() {
  if (chunked_ && has_length_) return false;
  if (left_ > content_bytes_max) return false;
  if (status_ < 200) {
    phase_ = Phase::head;
  } else if (status_ == 204 || status_ == 304) {
    left_ = 0;
    phase_ = Phase::length;
  } else if (chunked_) {
    phase_ = Phase::chunk_size;
  } else {
    phase_ = has_length_ ? Phase::length : Phase::to_end;
  }
  return true;
}

AnswerReader::Step AnswerReader::read_length(std::string_view input, Answer& out) {
  const std::size_t take = std::min<std::uint64_t>(left_, input.size());
  left_ -= take;
  if (left_ == 0 && content_.empty()) return hand_out(take, input.substr(0, take), out);
  content_.append(input.substr(0, take));
  if (left_ == 0) return hand_out(take, content_, out);
  return {Kind::need_more, take};
}

AnswerReader::Step AnswerReader::read_chunk_size(std::string_view input) {
  const std::size_t end = input.find(line_end);
  if (end == std::string_view::npos) return input.size() > line_bytes_max ? malformed : need_more;
  const std::string_view size = input.substr(0, std::min(end, input.find(';')));
  if (size.size() > 16 || !parse_number(size, 16, left_)) return malformed;
  if (left_ > content_bytes_max - content_.size()) return malformed;
  phase_ = left_ == 0 ? Phase::trailers : Phase::chunk_data;
  return {Kind::need_more, end + line_end.size()};
}

AnswerReader::Step AnswerReader::read_chunk_data(std::string_view input) {
  const std::size_t take = std::min<std::uint64_t>(left_, input.size());
  content_.append(input.substr(0, take));
  left_ -= take;
  const std::string_view rest = input.substr(take);
  if (left_ > 0 || rest.size() < line_end.size()) return {Kind::need_more, take};
  if (!rest.starts_with(line_end)) return malformed;
  phase_ = Phase::chunk_size;
  return {Kind::need_more, take + line_end.size()};
}

AnswerReader::Step AnswerReader::read_trailers(std::string_view input, Answer& out) {
  const std::size_t end = input.find(line_end);
  if (end == std::string_view::npos) return input.size() > line_bytes_max ? malformed : need_more;
  const std::size_t consumed = end + line_end.size();
  if (end > 0) return {Kind::need_more, consumed};
  return hand_out(consumed, content_, out);
}

AnswerReader::Step AnswerReader::read_to_end(std::string_view input) {
  if (input.size() > content_bytes_max - content_.size()) return malformed;
  content_.append(input);
  return {Kind::need_more, input.size()};
}

bool AnswerReader::at_end(Answer& out) {
  if (phase_ != Phase::to_end) return false;
  hand_out(0, content_, out);
  return true;
}

AnswerReader::Step AnswerReader::hand_out(std::size_t consumed, std::string_view content,
                                          Answer& out) {
  out = {status_, close_, version_, id_, content};
  phase_ = Phase::head;
  return {Kind::answer, consumed};
}

}  // namespace segue::soak
