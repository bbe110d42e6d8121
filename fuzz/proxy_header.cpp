// Fuzzes the PROXY header: what is decided about bytes stays so when more of them come, and a
// header that is accepted names an address that can be read.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "http1/proxy_header.hpp"
#include "os/remote.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using segue::http1::ProxyHeader;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const ProxyHeader whole = segue::http1::parse_proxy_header(bytes);
  for (std::size_t length = 0; length < size; ++length) {
    const ProxyHeader part = segue::http1::parse_proxy_header(bytes.substr(0, length));
    if (part.kind == ProxyHeader::Kind::need_more) continue;
    if (part.kind != whole.kind || part.consumed != whole.consumed) std::abort();
    if (part.address != whole.address || part.port != whole.port) std::abort();
    break;
  }
  if (whole.kind != ProxyHeader::Kind::done) return 0;
  if (whole.consumed > size) std::abort();
  if (!whole.local && !segue::os::parse_remote(whole.address, whole.port)) std::abort();
  return 0;
}
