// Status and words of every ReadError.
#include "http1/reader.hpp"

namespace segue::http1 {

int status_of(ReadError error) {
  switch (error) {
    case ReadError::none:
      return 0;
    case ReadError::content_too_large:
    case ReadError::chunk_extensions_too_long:
      return 413;
    case ReadError::target_too_long:
      return 414;
    case ReadError::unknown_expectation:
      return 417;
    case ReadError::head_too_large:
    case ReadError::too_many_fields:
    case ReadError::field_name_too_long:
      return 431;
    case ReadError::method_too_long:
    case ReadError::unsupported_coding:
      return 501;
    case ReadError::version_unsupported:
      return 505;
    case ReadError::blank_lines:
    case ReadError::bare_cr:
    case ReadError::bare_lf:
    case ReadError::bad_method:
    case ReadError::bad_target:
    case ReadError::asterisk_not_options:
    case ReadError::bad_authority:
    case ReadError::bad_version:
    case ReadError::bad_field_name:
    case ReadError::space_before_colon:
    case ReadError::folded_line:
    case ReadError::bad_field_value:
    case ReadError::no_host:
    case ReadError::repeated_host:
    case ReadError::bad_host:
    case ReadError::bad_content_length:
    case ReadError::repeated_content_length:
    case ReadError::length_and_encoding:
    case ReadError::encoding_in_old_version:
    case ReadError::bad_transfer_encoding:
    case ReadError::chunked_not_last:
    case ReadError::bad_chunk_size:
    case ReadError::chunk_size_too_long:
    case ReadError::bad_chunk_extension:
    case ReadError::bad_chunk_end:
      return 400;
  }
  return 400;
}

std::string_view text_of(ReadError error) {
  switch (error) {
    case ReadError::none:
      return "no error";
    case ReadError::blank_lines:
      return "too many empty lines before the request line";
    case ReadError::bare_cr:
      return "a CR without LF";
    case ReadError::bare_lf:
      return "a line that ends in LF without CR";
    case ReadError::bad_method:
      return "malformed method";
    case ReadError::method_too_long:
      return "the method is longer than any known one";
    case ReadError::bad_target:
      return "malformed request target";
    case ReadError::target_too_long:
      return "the request target is too long";
    case ReadError::asterisk_not_options:
      return "the target * is for OPTIONS only";
    case ReadError::bad_authority:
      return "malformed host or port in the request target";
    case ReadError::bad_version:
      return "malformed HTTP version";
    case ReadError::version_unsupported:
      return "this HTTP version is not spoken here";
    case ReadError::head_too_large:
      return "the request head is too large";
    case ReadError::too_many_fields:
      return "the request has too many fields";
    case ReadError::bad_field_name:
      return "malformed field name";
    case ReadError::field_name_too_long:
      return "a field name is too long";
    case ReadError::space_before_colon:
      return "whitespace in or after a field name";
    case ReadError::folded_line:
      return "a folded field line";
    case ReadError::bad_field_value:
      return "a control byte in a field value";
    case ReadError::no_host:
      return "HTTP/1.1 without Host";
    case ReadError::repeated_host:
      return "more than one Host";
    case ReadError::bad_host:
      return "malformed Host";
    case ReadError::unknown_expectation:
      return "an expectation other than 100-continue";
    case ReadError::bad_content_length:
      return "malformed Content-Length";
    case ReadError::repeated_content_length:
      return "more than one Content-Length";
    case ReadError::length_and_encoding:
      return "both Content-Length and Transfer-Encoding";
    case ReadError::encoding_in_old_version:
      return "Transfer-Encoding in HTTP/1.0";
    case ReadError::bad_transfer_encoding:
      return "malformed Transfer-Encoding";
    case ReadError::chunked_not_last:
      return "chunked is not the last transfer coding, once";
    case ReadError::unsupported_coding:
      return "a transfer coding other than chunked";
    case ReadError::content_too_large:
      return "the content is too large";
    case ReadError::bad_chunk_size:
      return "malformed chunk size";
    case ReadError::chunk_size_too_long:
      return "a chunk size of more than 16 digits";
    case ReadError::bad_chunk_extension:
      return "malformed chunk extension";
    case ReadError::chunk_extensions_too_long:
      return "chunk extensions are too long";
    case ReadError::bad_chunk_end:
      return "chunk data that CRLF does not follow";
  }
  return "";
}

}  // namespace segue::http1
