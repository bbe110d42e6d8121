// One write per line, so that lines of several threads do not mix.
#include "server/log.hpp"

#include "os/os.hpp"

namespace segue::server {
namespace {

void write_line(int fd, std::string line) {
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  line += '\n';
  (void)os::real().write(fd, line.data(), line.size());
}

}  // namespace

void log_line(std::string_view text) { write_line(2, "segue: " + std::string(text)); }
void print(std::string_view text) { (void)os::real().write(1, text.data(), text.size()); }
void log_access(std::string_view text) { write_line(1, std::string(text)); }

}  // namespace segue::server
