// The bytes of requests: see request_maker.hpp.
#include "soak/request_maker.hpp"

#include <algorithm>
#include <charconv>

namespace segue::soak {
namespace {

enum class Framing : std::uint8_t { none, length, chunked };

std::string head_pattern(const Target& target, Framing framing, std::size_t content_bytes,
                         After after) {
  std::string head = framing == Framing::none ? "GET " : "POST ";
  head += target.path + " HTTP/1.1\r\nHost: " + target.authority + "\r\nSoak-Id: {id}\r\n";
  if (after == After::close) head += "Connection: close\r\n";
  if (framing == Framing::length) {
    head += "Content-Length: " + std::to_string(content_bytes) + "\r\n";
  }
  if (framing == Framing::chunked) head += "Transfer-Encoding: chunked\r\n";
  return head + "\r\n";
}

Stencil plain_form(const Target& target, const Options& options, After after) {
  const std::size_t bytes = options.exchange.body_bytes;
  if (bytes == 0) return Stencil(head_pattern(target, Framing::none, 0, after));
  return Stencil(head_pattern(target, Framing::length, bytes, after) +
                 content_pattern(bytes, options.seed));
}

Stencil chunked_form(const Target& target, After after) {
  return Stencil(head_pattern(target, Framing::chunked, 0, after));
}

}  // namespace

std::string content_pattern(std::size_t bytes, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string content;
  if (bytes >= id_bytes) {
    content = "{id}";
    bytes -= id_bytes;
  }
  for (; bytes > 0; --bytes) content.push_back(static_cast<char>('a' + random() % 26));
  return content;
}

RequestMaker::RequestMaker(const Options& options)
    : content_(content_pattern(options.exchange.body_bytes, options.seed)),
      content_bytes_(options.exchange.body_bytes),
      chunked_share_(options.exchange.chunked_share) {
  for (const Target& target : options.targets) {
    targets_.push_back(
        {{plain_form(target, options, After::keep), plain_form(target, options, After::close)},
         {chunked_form(target, After::keep), chunked_form(target, After::close)}});
  }
}

void RequestMaker::append_to(std::string& out, std::size_t target, std::uint64_t serial,
                             After after, std::mt19937_64& random) const {
  const Forms& forms = targets_[target];
  const auto form = static_cast<std::size_t>(after);
  const bool chunked =
      chunked_share_ > 0 && std::uniform_real_distribution(0.0, 1.0)(random) < chunked_share_;
  if (!chunked) return forms.plain[form].append_to(out, serial);
  forms.chunked[form].append_to(out, serial);
  append_chunks(out, serial, random);
}

void RequestMaker::append_chunks(std::string& out, std::uint64_t serial,
                                 std::mt19937_64& random) const {
  std::string content;
  content_.append_to(content, serial);
  for (std::size_t at = 0; at < content_bytes_;) {
    // At least a sixteenth of the whole each, so that the framing stays a fraction of the content.
    const std::size_t least = content_bytes_ / 16;
    const std::size_t size =
        std::min(content_bytes_ - at, least + 1 + random() % std::max<std::size_t>(least * 4, 8));
    char digits[17];
    const auto written = std::to_chars(digits, digits + sizeof digits, size, 16);
    out.append(digits, written.ptr).append("\r\n");
    out.append(content, at, size).append("\r\n");
    at += size;
  }
  out.append("0\r\n\r\n");
}

}  // namespace segue::soak
