// The listening sockets of a service, by address as typed: bound once, kept over every generation.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "os/address.hpp"
#include "os/fd.hpp"
#include "os/inherited.hpp"
#include "os/os.hpp"
#include "segue/error.hpp"

namespace segue::supervisor {

class Listeners {
 public:
  struct Entry {
    os::Fd fd;
    bool ours = true;  ///< Bound here, not inherited: a Unix socket's path is ours to remove.
  };

  explicit Listeners(const os::Os& os) : os_(os) {}

  /// Sockets of the service manager, to be used as `fd:NAME` or for the address they listen on.
  void offer(std::vector<os::NamedFd> inherited) { inherited_ = std::move(inherited); }
  /// Has every address of `names` listening. The error names the first that cannot be.
  Result<void> ensure(const std::vector<std::string>& names);
  /// The descriptors of `names`, all of them there.
  std::vector<int> descriptors(const std::vector<std::string>& names) const;
  /// Where they listen, with the ports that the kernel chose.
  std::vector<std::string> addresses() const;
  /// Closes all but `names`: nobody else uses the others any more.
  void keep_only(const std::vector<std::string>& names);

  const std::map<std::string, Entry>& all() const { return entries_; }
  void restore(std::string name, Entry entry) { entries_[std::move(name)] = std::move(entry); }

 private:
  Result<Entry> open(const std::string& name);

  const os::Os& os_;
  std::map<std::string, Entry> entries_;
  std::vector<os::NamedFd> inherited_;
};

}  // namespace segue::supervisor
