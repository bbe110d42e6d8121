// Status and words of every ReadError.
#include <array>

#include "http1/reader.hpp"

namespace segue::http1 {

namespace {

struct Row {
  ReadError error;
  int status;
  std::string_view text;
};

constexpr auto rows = std::to_array<Row>({
    {ReadError::none, 0, "no error"},
    {ReadError::blank_lines, 400, "too many empty lines before the request line"},
    {ReadError::bare_cr, 400, "a CR without LF"},
    {ReadError::bare_lf, 400, "a line that ends in LF without CR"},
    {ReadError::bad_method, 400, "malformed method"},
    {ReadError::method_too_long, 501, "the method is longer than any known one"},
    {ReadError::bad_target, 400, "malformed request target"},
    {ReadError::target_too_long, 414, "the request target is too long"},
    {ReadError::asterisk_not_options, 400, "the target * is for OPTIONS only"},
    {ReadError::bad_authority, 400, "malformed host or port in the request target"},
    {ReadError::bad_version, 400, "malformed HTTP version"},
    {ReadError::version_unsupported, 505, "this HTTP version is not spoken here"},
    {ReadError::head_too_large, 431, "the request head is too large"},
    {ReadError::too_many_fields, 431, "the request has too many fields"},
    {ReadError::bad_field_name, 400, "malformed field name"},
    {ReadError::field_name_too_long, 431, "a field name is too long"},
    {ReadError::space_before_colon, 400, "whitespace in or after a field name"},
    {ReadError::folded_line, 400, "a folded field line"},
    {ReadError::bad_field_value, 400, "a control byte in a field value"},
    {ReadError::no_host, 400, "HTTP/1.1 without Host"},
    {ReadError::repeated_host, 400, "more than one Host"},
    {ReadError::bad_host, 400, "malformed Host"},
    {ReadError::unknown_expectation, 417, "an expectation other than 100-continue"},
    {ReadError::bad_content_length, 400, "malformed Content-Length"},
    {ReadError::repeated_content_length, 400, "more than one Content-Length"},
    {ReadError::length_and_encoding, 400, "both Content-Length and Transfer-Encoding"},
    {ReadError::encoding_in_old_version, 400, "Transfer-Encoding in HTTP/1.0"},
    {ReadError::bad_transfer_encoding, 400, "malformed Transfer-Encoding"},
    {ReadError::chunked_not_last, 400, "chunked is not the last transfer coding, once"},
    {ReadError::unsupported_coding, 501, "a transfer coding other than chunked"},
    {ReadError::content_too_large, 413, "the content is too large"},
    {ReadError::bad_chunk_size, 400, "malformed chunk size"},
    {ReadError::chunk_size_too_long, 400, "a chunk size of more than 16 digits"},
    {ReadError::bad_chunk_extension, 400, "malformed chunk extension"},
    {ReadError::chunk_extensions_too_long, 413, "chunk extensions are too long"},
    {ReadError::forbidden_trailer, 400, "Host or a framing field among the trailers"},
    {ReadError::bad_chunk_end, 400, "chunk data that CRLF does not follow"},
});

constexpr bool in_order() {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].error != static_cast<ReadError>(i)) return false;
  }
  return rows.back().error == ReadError::bad_chunk_end;
}
static_assert(in_order(), "every ReadError has its row, in the order of the enumeration");

const Row& row_of(ReadError error) { return rows[static_cast<std::size_t>(error)]; }

}  // namespace

int status_of(ReadError error) { return row_of(error).status; }

std::string_view text_of(ReadError error) { return row_of(error).text; }

}  // namespace segue::http1
